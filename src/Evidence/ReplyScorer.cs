using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Evidence;

/// <summary>A context and the replies whose probability after it is asked for.</summary>
internal sealed record Question(IReadOnlyList<Turn> Context, IReadOnlyList<string> Replies);

/// <summary>Scores many questions in pieces of bounded size, with progress over the whole.</summary>
internal sealed class ReplyScorer(ILanguageModel model)
{
    private const int MaximumTokensAtOnce = 1 << 20;

    /// <summary>log p(reply | context) in nats, indexed as the questions and their replies.</summary>
    internal double[][] Score(IReadOnlyList<Question> questions, IProgress<WorkProgress>? progress,
        CancellationToken cancellation) =>
        Score(questions.Select(q => Request(q.Context, [.. q.Replies.Select(r => model.Template.EncodeReply(model.Tokenizer, r))])),
            questions.Count, "probes", progress, 0, questions.Count, cancellation);

    /// <summary>A context with the tokens of its replies.</summary>
    internal ScoreRequest Request(IReadOnlyList<Turn> context, IReadOnlyList<int[]> replies) =>
        new(model.Template.EncodeContext(model.Tokenizer, context), replies);

    /// <summary>The tokens that texts begin with when some turns come first; none when there are no turns.</summary>
    internal int[] Opening(IReadOnlyList<Turn> before) =>
        before.Count == 0 ? [] : model.Template.EncodeOpening(model.Tokenizer, before);

    /// <summary>A context that shares its opening alone.</summary>
    internal ScoreRequest Request(int[] opening, IReadOnlyList<Turn> context, IReadOnlyList<int[]> replies)
    {
        ScoreRequest request = Request(context, replies);
        return request with { Shared = opening.AsSpan().CommonPrefixLength(request.Prefix) };
    }

    /// <summary>The same for requests that are made as they are needed.</summary>
    /// <param name="requests">The requests.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="stage">Name of the work.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="before">Questions of the same work that were done before.</param>
    /// <param name="total">All questions of the work.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    internal double[][] Score(IEnumerable<ScoreRequest> requests, int count, string stage, IProgress<WorkProgress>? progress, int before,
        int total, CancellationToken cancellation)
    {
        var result = new double[count][];
        var batch = new List<ScoreRequest>();
        int start = 0;
        long tokens = 0;
        foreach (ScoreRequest request in requests)
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Add(request);
            tokens += request.Prefix.Length + request.Continuations.Sum(c => (long)c.Length);
            if (tokens < MaximumTokensAtOnce && start + batch.Count < count) continue;
            var share = progress is null ? null : new Share(progress, stage, before + start, batch.Count, total);
            ScoreTable table = model.Score(batch, share, cancellation);
            for (int r = 0; r < batch.Count; r++)
            {
                int request0 = r;
                result[start + r] = [.. Enumerable.Range(0, batch[r].Continuations.Count).Select(c => table.LogProbability(request0, c))];
            }
            start += batch.Count;
            tokens = 0;
            batch.Clear();
            progress?.Report(new WorkProgress(stage, before + start, total, "questions"));
        }
        return result;
    }

    /// <summary>Turns the progress of one piece into progress over all questions.</summary>
    private sealed class Share(IProgress<WorkProgress> whole, string stage, int before, int count, int total) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            double part = value.Total > 0 ? Math.Clamp(value.Done / value.Total, 0, 1) : 0;
            whole.Report(new WorkProgress(stage, before + (part * count), total, "questions", value.Detail));
        }
    }
}
