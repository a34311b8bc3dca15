using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Evidence;

/// <summary>A context and the replies whose probability after it is asked for.</summary>
internal sealed record Question(IReadOnlyList<Turn> Context, IReadOnlyList<string> Replies);

/// <summary>Scores many questions in pieces of bounded size, with progress over the whole.</summary>
internal sealed class ReplyScorer(ILanguageModel model, ChatTemplate template)
{
    private const int MaximumTokensAtOnce = 1 << 20;

    /// <summary>log p(reply | context) in nats, indexed as the questions and their replies.</summary>
    internal double[][] Score(IReadOnlyList<Question> questions, string stage, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var result = new double[questions.Count][];
        var batch = new List<ScoreRequest>();
        int start = 0;
        long tokens = 0;
        for (int q = 0; q < questions.Count; q++)
        {
            cancellation.ThrowIfCancellationRequested();
            var request = new ScoreRequest(template.EncodeContext(model.Tokenizer, questions[q].Context),
                [.. questions[q].Replies.Select(r => template.EncodeReply(model.Tokenizer, r))]);
            batch.Add(request);
            tokens += request.Prefix.Length + request.Continuations.Sum(c => (long)c.Length);
            if (tokens < MaximumTokensAtOnce && q + 1 < questions.Count) continue;
            var share = progress is null ? null : new Share(progress, stage, start, batch.Count, questions.Count);
            ScoreTable table = model.Score(batch, share, cancellation);
            for (int r = 0; r < batch.Count; r++)
            {
                int request0 = r;
                result[start + r] = [.. Enumerable.Range(0, batch[r].Continuations.Count).Select(c => table.LogProbability(request0, c))];
            }
            start = q + 1;
            tokens = 0;
            batch.Clear();
            progress?.Report(new WorkProgress(stage, start, questions.Count, "questions"));
        }
        return result;
    }

    internal int CountTokens(string reply) => template.EncodeReply(model.Tokenizer, reply).Length;

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
