using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>What showing some episodes does to probes.</summary>
/// <param name="Shifts">[episode][probe]: P(low) with the episode shown, minus that without it; 0 for an episode of which
/// nothing could be read.</param>
/// <param name="Tokens">Tokens of each reply that were shown.</param>
/// <param name="Cuts">The episodes that did not fit whole.</param>
public sealed record ShownBlock(double[][] Shifts, int[] Tokens, IReadOnlyList<EpisodeCut> Cuts)
{
    /// <summary>The turns that stood before each reply.</summary>
    public IReadOnlyList<IReadOnlyList<Turn>> Contexts { get; init; } = [];
}

/// <summary>
/// Shows episodes as earlier turns of the conversation in which probes are asked, block by block. One that is too long loses what
/// <see cref="EpisodeFit"/> leaves out, so that the longest probe follows it.
/// </summary>
public sealed class ShownShifts : IShownShifts
{
    // Where texts are joined a token or two may come on top.
    private const int Seam = 4;

    private readonly IReadOnlyList<Probe> _probes;
    private readonly IReadOnlyList<double> _before;
    private readonly ITokenizer _tokenizer;
    private readonly ReplyScorer _scorer;
    private readonly bool _independent;
    private readonly int[][][] _replies;
    private readonly EpisodeFit _fit;

    /// <summary>For some probes.</summary>
    /// <param name="model">The model, before any training.</param>
    /// <param name="probes">The probes, with different ids; at least one.</param>
    /// <param name="before">P(low) of each probe when nothing is shown.</param>
    /// <param name="options">Whether an episode that does not fit is an error, and whether its numbers hang on
    /// it alone to the last bit.</param>
    /// <exception cref="UserErrorException">A probe fills the model (<c>prompt-too-long</c>), or has a word that it
    /// does not know.</exception>
    public ShownShifts(ILanguageModel model, IReadOnlyList<Probe> probes, IReadOnlyList<double> before, LikelihoodOptions options)
    {
        if (probes.Count == 0 || before.Count != probes.Count)
            throw new ArgumentException("Every probe needs to have been asked.", nameof(before));
        (_probes, _before, _tokenizer, _independent) = (probes, before, model.Tokenizer, options.Independent);
        _scorer = new ReplyScorer(model);
        _replies = [.. probes.Select(p => p.Low.Concat(p.High).Select(r => model.Template.EncodeReply(model.Tokenizer, r)).ToArray())];
        // What has to fit beside an episode: every probe with its longest reply.
        IReadOnlyList<Turn>[] beside =
            [.. probes.Select(p => (IReadOnlyList<Turn>)[.. p.Context, new Turn("assistant", p.Low.Concat(p.High).MaxBy(r => r.Length)!)])];
        var asked = new PresentedPersona(new Persona("probes", "", "", new Dictionary<string, double>()),
            Presentation.Described, model, beside);
        try
        {
            _fit = new EpisodeFit(model, model.ContextLength - Seam, options, [asked]);
        }
        catch (UserErrorException e) when (e.Code == "persona-too-long")
        {
            throw new UserErrorException("prompt-too-long",
                $"A probe with its reply fills more than three quarters of the {model.ContextLength} tokens that the model reads.",
                "Leave long probes out, or use a model with a longer context.", e);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="UserErrorException">Strict, and an episode does not fit or cannot be read.</exception>
    public ShownBlock Compute(IReadOnlyList<Episode> episodes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        EpisodeFit.Kept[] kept = [.. episodes.Select(_fit.Of)];
        int[] read = [.. Enumerable.Range(0, kept.Length).Where(e => kept[e].Reply.Length > 0)];
        IEnumerable<ScoreRequest> requests = read.SelectMany(e =>
        {
            IReadOnlyList<Turn> shown = [.. kept[e].Context, new Turn("assistant", Said(episodes[e], kept[e]))];
            int[] opening = _independent ? _scorer.Opening(shown) : [];
            return _probes.Select((p, i) => Request(opening, ProbeMeasurement.QuestionOf(p, shown).Context, _replies[i]));
        });
        int count = read.Length * _probes.Count;
        double[][] scores = _scorer.Score(requests, count, "in-context", progress, 0, count, cancellation);
        var shifts = new double[kept.Length][];
        for (int e = 0; e < shifts.Length; e++)
        {
            int at = Array.IndexOf(read, e) * _probes.Count;
            shifts[e] = [.. _probes.Select((p, i) => at < 0 ? 0 : ProbeMeasurement.LowShare(p, scores[at + i]) - _before[i])];
        }
        return new ShownBlock(shifts, [.. kept.Select(k => k.Reply.Length)],
            [.. kept.Index().Where(k => k.Item.Cut is not null).Select(k => k.Item.Cut! with { Episode = k.Index })])
        {
            Contexts = [.. kept.Select(k => k.Context)],
        };
    }

    private ScoreRequest Request(int[] opening, IReadOnlyList<Turn> context, int[][] replies) =>
        _independent ? _scorer.Request(opening, context, replies) : _scorer.Request(context, replies);

    private string Said(Episode episode, EpisodeFit.Kept kept) =>
        kept.Cut is { ReplyTokensLeftOut: > 0 } ? _tokenizer.Decode(kept.Reply).Trim() : episode.Reply;
}
