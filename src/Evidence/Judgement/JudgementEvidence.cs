using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Evidence from a judge that gives no probabilities: it is shown an episode and a block of descriptions and says whose the reply is.
/// Blocks are shuffled, and each is asked in both orders; those chosen go on to further blocks until one block holds them all.
/// <see cref="ChoiceModel"/> turns the choices into nats: log p(persona | choices) under an even prior, as the calibration makes it.
/// </summary>
/// <remarks>
/// With H personas, blocks of K and R repeats an episode takes 2R·ceil(H/K) questions in the first round, and then 2R for every K of those
/// that were chosen: 2R in all when H is at most K; about 2R·(19 + 3 + 1), that is 46, for 150 personas in blocks of 8 with a judge
/// that mostly agrees with itself.
/// </remarks>
public sealed class JudgementEvidence : IEvidenceSource
{
    /// <summary>Fewest episodes of known source that a judge can be calibrated on.</summary>
    public const int LeastKnown = 8;

    private const int FewestForAlarm = 20, MaximumRounds = 12;
    private readonly IChatModel _judge;
    private readonly IReadOnlyList<Persona> _personas;
    private readonly JudgementOptions _options;
    private readonly JudgementLog? _log;
    private readonly Lock _lock = new();

    /// <summary>A source.</summary>
    /// <param name="judge">The judge.</param>
    /// <param name="personas">The personas, told by their descriptions; a persona without one is told by its name.</param>
    /// <param name="options">How to ask; as they are when absent.</param>
    /// <param name="calibration">What is known of the judge; see <see cref="Calibrate"/>.</param>
    /// <param name="log">Where every answer is kept as it was given.</param>
    public JudgementEvidence(IChatModel judge, IReadOnlyList<Persona> personas, JudgementOptions? options = null,
        JudgementCalibration? calibration = null, JudgementLog? log = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(personas.Count, 2);
        (_judge, _personas, _log) = (judge, personas, log);
        (_options, Calibration) = (options ?? new JudgementOptions(), calibration ?? JudgementCalibration.None);
        _options.Validate();
        Personas = [.. personas.Select(p => p.Name)];
        Provenance = new Dictionary<string, string>
        {
            ["judge"] = judge.Id,
            ["rubric"] = JudgementQuestion.RubricId.ToString(),
            ["personas"] = ContentId.Of("persona-descriptions",
                [.. personas.SelectMany(p => (string[])[p.Name, JudgementQuestion.Description(p)])]).ToString(),
            ["options"] = _options.Id.ToString(),
            ["calibration"] = Calibration.Id.ToString(),
        };
    }

    /// <inheritdoc/>
    public EvidenceKind Kind => EvidenceKind.Judgement;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <inheritdoc/>
    public OffsetError? OffsetError => Calibration.OffsetError;

    /// <summary>What is known of the judge.</summary>
    public JudgementCalibration Calibration { get; }

    /// <summary>What the judge did with the questions of this source so far.</summary>
    public JudgementReliability Reliability { get; private set; } = JudgementReliability.None;

    /// <inheritdoc/>
    /// <exception cref="UserErrorException"><c>judge-unreadable</c>; or the judge fails.</exception>
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        (IReadOnlyList<Choice>[] choices, JudgementReliability[] seen) = Ask(episodes, progress, cancellation);
        double[] bias = [.. Calibration.PlaceBias];
        int[] asked = personas is null ? [.. Enumerable.Range(0, _personas.Count)] : [.. personas];
        double[][] evidence = [.. choices.Select(c =>
        {
            double[] nats = Calibration.Nats(Personas, ChoiceModel.Utilities(_personas.Count, c, bias, _options.Spread));
            return asked.Select(h => nats[h]).ToArray();
        })];
        return new EvidenceBlock(evidence, [.. episodes.Select(_ => 0)]) { Judged = seen };
    }

    /// <summary>
    /// The same source with a calibration from episodes whose source is known, such as the examples of personas.
    /// </summary>
    /// <param name="known">At least <see cref="LeastKnown"/> episodes with the index of the persona they come from, in mixed order.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <exception cref="UserErrorException">As for <see cref="Compute"/>.</exception>
    public JudgementEvidence Calibrate(IReadOnlyList<(Episode Episode, int Persona)> known, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(known.Count, LeastKnown);
        var fresh = new JudgementEvidence(_judge, _personas, _options, null, _log);
        (IReadOnlyList<Choice>[] choices, _) = fresh.Ask([.. known.Select(k => k.Episode)], progress, cancellation);
        JudgementCalibration fitted = JudgementCalibration.Fit(Personas, [.. choices.Zip(known, (c, k) => (c, k.Persona))],
            _options.Spread, fresh.Reliability);
        return new JudgementEvidence(_judge, _personas, _options, fitted, _log);
    }

    /// <summary>
    /// What asking would take: the first round as it will be, and later rounds as with a judge that agrees with itself.
    /// Null when it costs nothing.
    /// </summary>
    public EndpointEstimate? Estimate(IReadOnlyList<Episode> episodes)
    {
        var all = new List<ChatQuestion>();
        foreach (Episode episode in episodes)
        {
            int[] left = [.. Enumerable.Range(0, _personas.Count)];
            for (int round = 0; round < MaximumRounds; round++)
            {
                int[][] blocks = Blocks(episode, round, left);
                all.AddRange(Questions(episode, round, blocks).Select(q => q.Question));
                if (blocks.Length == 1) break;
                left = [.. blocks.Select(b => b[0]).Order()];
            }
        }
        return _judge.Estimate(all);
    }

    private (IReadOnlyList<Choice>[] Choices, JudgementReliability[] Seen) Ask(IReadOnlyList<Episode> episodes,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        List<Choice>[] choices = [.. episodes.Select(_ => new List<Choice>())];
        int[]?[] left = [.. episodes.Select(_ => (int[]?)[.. Enumerable.Range(0, _personas.Count)])];
        JudgementReliability[] seen = [.. episodes.Select(_ => JudgementReliability.None)];
        for (int round = 0; round < MaximumRounds && left.Any(l => l is not null); round++)
        {
            var asked = new List<(int Episode, Asked Asked)>();
            for (int e = 0; e < episodes.Count; e++)
            {
                if (left[e] is not { } candidates) continue;
                int[][] blocks = Blocks(episodes[e], round, candidates);
                asked.AddRange(Questions(episodes[e], round, blocks).Select(q => (e, q)));
            }
            IReadOnlyList<IReadOnlyList<ChatReply>> replies = _judge.Ask([.. asked.Select(a => a.Asked.Question)],
                FormattableString.Invariant($"judgement, round {round + 1}"), progress, cancellation);
            int[] places = [.. asked.Select((a, i) => JudgementQuestion.Read(replies[i][0].Text, a.Asked.Shown.Length))];
            _log?.Append(asked.Select((a, i) => new JudgementAnswer(a.Asked.Id, _judge.Id, episodes[a.Episode].Id, round, a.Asked.Repeat,
                a.Asked.Swapped, [.. a.Asked.Shown.Select(h => Personas[h])], places[i], replies[i][0].Text)));
            for (int i = 0; i < asked.Count; i++)
                if (places[i] != JudgementQuestion.Unreadable) choices[asked[i].Episode].Add(new Choice(asked[i].Asked.Shown, places[i]));
            foreach (IGrouping<int, int> of in Enumerable.Range(0, asked.Count).GroupBy(i => asked[i].Episode))
            {
                seen[of.Key] = seen[of.Key].Plus(Count([.. of.Select(i => (asked[i].Asked.Shown, places[i]))]));
                int[] chosen = [.. of.Where(i => places[i] >= 0).Select(i => asked[i].Asked.Shown[places[i]]).Distinct().Order()];
                bool one = of.All(i => asked[i].Asked.Shown.Length == left[of.Key]!.Length);
                // All in one block have met; who was never chosen need not meet anybody again.
                left[of.Key] = one || chosen.Length < 2 || chosen.Length == left[of.Key]!.Length ? null : chosen;
            }
        }
        JudgementReliability all = seen.Aggregate(JudgementReliability.None, (a, b) => a.Plus(b));
        lock (_lock) Reliability = Reliability.Plus(all);
        if (all.Questions >= FewestForAlarm && all.Unreadable * 2 > all.Questions)
            throw new UserErrorException("judge-unreadable",
                $"{all.Unreadable} of {all.Questions} answers of the judge are neither a letter nor '?'.",
                "Use a model that follows instructions, or let it write longer answers; the log of judgements holds what it said.");
        return (choices, seen);
    }

    /// <summary>Of answers in pairs: to a block as it is, and reversed.</summary>
    private static JudgementReliability Count((int[] Shown, int Place)[] answers)
    {
        (int[] Shown, int Place)[][] pairs = [.. answers.Chunk(2).Where(p => p.All(a => a.Place != JudgementQuestion.Unreadable))];
        return new JudgementReliability(answers.Length, pairs.Length, pairs.Count(p => Chosen(p[0]) != Chosen(p[1])),
            answers.Count(a => a.Place == JudgementQuestion.CannotTell), answers.Count(a => a.Place == JudgementQuestion.Unreadable));

        static int Chosen((int[] Shown, int Place) answer) => answer.Place < 0 ? -1 : answer.Shown[answer.Place];
    }

    /// <summary>The candidates in blocks of nearly equal size, in an order that hangs on the episode's text alone.</summary>
    private int[][] Blocks(Episode episode, int round, int[] candidates)
    {
        int[] order = [.. candidates];
        Stream(episode, round).Shuffle<int>(order);
        int count = (order.Length + _options.BlockSize - 1) / _options.BlockSize;
        return [.. Enumerable.Range(0, count).Select(b => order[(b * order.Length / count)..((b + 1) * order.Length / count)])];
    }

    /// <summary>Pair by pair: a block as it is and reversed, so that whoever stood first stands last.</summary>
    private IEnumerable<Asked> Questions(Episode episode, int round, int[][] blocks)
    {
        for (int b = 0; b < blocks.Length; b++)
        {
            for (int repeat = 0; repeat < _options.Repeats; repeat++)
            {
                int[] order = [.. blocks[b]];
                if (repeat > 0) Stream(episode, round).Child("block", b).Child("repeat", repeat).Shuffle<int>(order);
                foreach (bool swapped in (bool[])[false, true])
                {
                    int[] shown = swapped ? [.. order.Reverse()] : order;
                    var question = new ChatQuestion(JudgementQuestion.Of(episode, shown.Select(h => _personas[h]), _options.LongestText),
                        _options.Seed + (ulong)repeat)
                    {
                        Temperature = _options.Temperature,
                        MaxTokens = _options.MaxTokens,
                    };
                    string id = ContentId.Of("judgement", _judge.Id, episode.Id, question.Turns[1].Text, round, repeat,
                        swapped, _options.Id).ToString();
                    yield return new Asked(id, question, shown, repeat, swapped);
                }
            }
        }
    }

    private RngStream Stream(Episode episode, int round) => RngStream.Root(_options.Seed).Child("judgement")
        .Child(ContentId.Of("episode-text", [.. episode.Context.SelectMany(t => (string[])[t.Role, t.Text]), episode.Reply]).ToString())
        .Child("round", round);

    private sealed record Asked(string Id, ChatQuestion Question, int[] Shown, int Repeat, bool Swapped);
}
