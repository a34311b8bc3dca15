using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Evidence from language models that are told, shown or trained who speaks: L[e,h] = log mean_c p(y | c, x), c over the contexts that put
/// persona h before its model; a rejected answer gives log(p(chosen) + p(rejected)), its half of the choice between both. Personas of one
/// model are scored together and share what their texts have in common. What does not fit the model is cut in the same way for every
/// persona (<see cref="EpisodeCut"/>), or refused when strict.
/// </summary>
public sealed class LikelihoodSource : IEvidenceSource
{
    private readonly PresentedPersona[] _personas;
    private readonly LikelihoodOptions _options;
    private readonly EpisodeFit _fit;

    /// <summary>A source.</summary>
    /// <param name="personas">The personas, with different names; their models read with one tokenizer.</param>
    /// <param name="options">How likelihoods are taken.</param>
    /// <exception cref="ArgumentException">No persona, two of one name, or models with different tokenizers.</exception>
    /// <exception cref="UserErrorException">What puts a persona before the model fills the model's context
    /// (<c>persona-too-long</c>).</exception>
    public LikelihoodSource(IReadOnlyList<PresentedPersona> personas, LikelihoodOptions? options = null)
    {
        if (personas.Count == 0) throw new ArgumentException("There is no persona.", nameof(personas));
        if (personas.DistinctBy(p => p.Persona.Name).Count() < personas.Count)
            throw new ArgumentException("Two personas have the same name.", nameof(personas));
        ILanguageModel model = personas[0].Model;
        if (personas.Any(p => p.Model.Tokenizer.Id != model.Tokenizer.Id || p.Model.Template.Name != model.Template.Name))
            throw new ArgumentException("The models read with different tokenizers or templates.", nameof(personas));
        (_personas, _options) = ([.. personas], options ?? new LikelihoodOptions());
        Personas = [.. personas.Select(p => p.Persona.Name)];
        _fit = new EpisodeFit(model, personas.Min(p => p.Model.ContextLength), _options, personas);
        if (_options.Calibration is { } c && !c.Personas.SequenceEqual(Personas))
            throw new ArgumentException("The calibration is of other personas.", nameof(options));
        if ((_options.Calibration?.Softmax.Scales.Count ?? 1) != (_options.WordCounts is null ? 1 : 2))
            throw new ArgumentException("The calibration is of other inputs.", nameof(options));
        Provenance = Describe();
    }

    /// <inheritdoc/>
    public EvidenceKind Kind => _options.Kind;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <inheritdoc/>
    public OffsetError? OffsetError => _options.Calibration?.OffsetError;

    /// <summary>
    /// The context of an episode as far as every persona's model reads it with that reply; null where nothing of the episode can be read.
    /// </summary>
    /// <exception cref="UserErrorException">Strict, and the episode does not fit or cannot be read.</exception>
    public IReadOnlyList<Turn>? ContextRead(Episode episode) => _fit.Of(episode) is { Reply.Length: > 0 } kept ? kept.Context : null;

    /// <inheritdoc/>
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        int[] asked = personas is null ? [.. Enumerable.Range(0, _personas.Length)] : [.. personas];
        Reading read = Read(episodes);
        double[][][] nats = Score(read, asked, progress, cancellation);
        double[][] rows = [.. Enumerable.Range(0, episodes.Count).Select(e => Row(read, nats, asked, e))];
        return new EvidenceBlock(rows, read.Tokens[..episodes.Count]) { Cuts = read.Cuts };
    }

    /// <summary>A block of episodes as it is scored.</summary>
    /// <param name="Said">The episodes' own replies, and behind them what was preferred to those that were rejected.</param>
    /// <param name="Choices">Episodes that were rejected, ascending; what was preferred to them stands in this order.</param>
    /// <param name="Distinct">Which of what is said is equal.</param>
    /// <param name="Kept">[distinct context][distinct reply]: what is left after cutting.</param>
    /// <param name="Tokens">Tokens of each reply that are read.</param>
    /// <param name="Cuts">Episodes that did not fit whole.</param>
    private sealed record Reading(Episode[] Said, int[] Choices, DistinctEpisodes Distinct, EpisodeFit.Kept[][] Kept, int[] Tokens,
        List<EpisodeCut> Cuts);

    private Reading Read(IReadOnlyList<Episode> episodes)
    {
        int[] choices = [.. Enumerable.Range(0, episodes.Count).Where(e => episodes[e].Preferred is not null)];
        Episode[] said = [.. episodes.Select(e => e with { Preferred = null }),
            .. choices.Select(e => episodes[e] with { Reply = episodes[e].Preferred!, Preferred = null })];
        var distinct = new DistinctEpisodes(said);
        EpisodeFit.Kept[][] kept = [.. distinct.Contexts.Select((_, c) => new EpisodeFit.Kept[distinct.RepliesOf(c)])];
        var tokens = new int[said.Length];
        var cuts = new List<EpisodeCut>();
        for (int e = 0; e < said.Length; e++)
        {
            ref EpisodeFit.Kept one = ref kept[distinct.ContextOf(e)][distinct.ReplyOf(e)];
            one ??= _fit.Of(said[e]);
            tokens[e] = one.Reply.Length;
            if (one.Cut is { } cut && e < episodes.Count) cuts.Add(cut with { Episode = e });
        }
        return new Reading(said, choices, distinct, kept, tokens, cuts);
    }

    /// <summary>[persona asked][distinct context][distinct reply]: nats, averaged over the contexts of the persona.</summary>
    private double[][][] Score(Reading read, int[] asked, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        List<(IReadOnlyList<Turn> Context, int[][] Replies, (int Context, int Reply)[] Of)> questions = Questions(read.Kept);
        var nats = new double[asked.Length][][];
        var groups = asked.Select((h, column) => (Persona: _personas[h], Column: column))
            .GroupBy(p => p.Persona.Model, ReferenceEqualityComparer.Instance);
        int total = questions.Count * asked.Sum(h => _personas[h].Contexts.Count), done = 0;
        foreach (var group in groups)
        {
            (PresentedPersona Persona, int Column)[] members = [.. group];
            var scorer = new ReplyScorer((ILanguageModel)group.Key!);
            // Persona by persona, so that a model with shared beginnings computes a context once.
            IEnumerable<ScoreRequest> requests = members.SelectMany(m => m.Persona.Contexts.SelectMany(before =>
            {
                int[] opening = scorer.Opening(before);
                return questions.Select(q => DialogueJoin.Of(before, q.Context) is var context && _options.Independent
                    ? scorer.Request(opening, context, q.Replies) : scorer.Request(context, q.Replies));
            }));
            int count = questions.Count * members.Sum(m => m.Persona.Contexts.Count);
            double[][] scores = scorer.Score(requests, count, "evidence", progress, done, total, cancellation);
            int at = 0;
            foreach ((PresentedPersona persona, int column) in members)
            {
                nats[column] = MeanOverContexts(scores.AsSpan(at, questions.Count * persona.Contexts.Count),
                    persona.Contexts.Count, read.Kept, questions);
                at += questions.Count * persona.Contexts.Count;
            }
            done += count;
        }
        return nats;
    }

    /// <summary>The evidence of one episode by persona asked, calibrated.</summary>
    private double[] Row(Reading read, double[][][] nats, int[] asked, int episode)
    {
        int choice = Array.BinarySearch(read.Choices, episode);
        int chosen = choice < 0 ? episode : read.Said.Length - read.Choices.Length + choice;
        // An episode of which nothing was read tells nothing, and nobody's offset either; nor does half a choice.
        if (read.Tokens[episode] == 0 || read.Tokens[chosen] == 0) return new double[asked.Length];
        double[] row = Chosen(i => [.. nats.Select(n => n[read.Distinct.ContextOf(i)][read.Distinct.ReplyOf(i)])]);
        if (_options.Calibration is not { } calibration) return row;
        // Words are counted in the whole reply, also where the model reads a part of it.
        return _options.WordCounts is { } words && Chosen(i => words.Evidence(read.Said[i].Reply)) is var counts
            ? [.. row.Select((x, i) => calibration.Of(asked[i], x, counts[asked[i]]))]
            : [.. row.Select((x, i) => calibration.Of(asked[i], x))];

        double[] Chosen(Func<int, double[]> scores) =>
            choice < 0 ? scores(episode) : [.. scores(episode).Zip(scores(chosen), (r, c) => LogSpace.LogAddExp(r, c))];
    }

    // One question per context that is left after cutting, with the replies that follow it.
    private static List<(IReadOnlyList<Turn> Context, int[][] Replies, (int Context, int Reply)[] Of)> Questions(EpisodeFit.Kept[][] kept)
    {
        var questions = new List<(IReadOnlyList<Turn>, int[][], (int, int)[])>();
        for (int c = 0; c < kept.Length; c++)
        {
            int[] some = [.. Enumerable.Range(0, kept[c].Length).Where(r => kept[c][r].Reply.Length > 0)];
            foreach (IGrouping<IReadOnlyList<Turn>, int> group in some.GroupBy(r => kept[c][r].Context, SameTurns.Instance))
                questions.Add((group.Key, [.. group.Select(r => kept[c][r].Reply)], [.. group.Select(r => (c, r))]));
        }
        return questions;
    }

    private static double[][] MeanOverContexts(ReadOnlySpan<double[]> scores, int contexts, EpisodeFit.Kept[][] kept,
        List<(IReadOnlyList<Turn> Context, int[][] Replies, (int Context, int Reply)[] Of)> questions)
    {
        double[][] means = [.. kept.Select(k => new double[k.Length])];
        var column = new double[contexts];
        for (int q = 0; q < questions.Count; q++)
        {
            for (int r = 0; r < questions[q].Of.Length; r++)
            {
                for (int c = 0; c < contexts; c++) column[c] = scores[(c * questions.Count) + q][r];
                means[questions[q].Of[r].Context][questions[q].Of[r].Reply] = LogSpace.LogMeanExp(column);
            }
        }
        return means;
    }

    private Dictionary<string, string> Describe()
    {
        string[] models = [.. _personas.Select(p => p.Model.Id).Distinct()];
        var provenance = new Dictionary<string, string>
        {
            ["model"] = models.Length == 1 ? models[0] : ContentId.Of("models", [.. models]).ToString(),
            ["personas"] = PersonaQuestions.IdOf(_personas).ToString(),
            ["template"] = _personas[0].Model.Template.Name,
            ["persona-contexts"] = "turns before the episode; log of the mean over alternatives",
        };
        if (_personas.Any(p => p.Way != Presentation.Described))
            provenance["presentation"] = string.Join(", ", _personas.GroupBy(p => p.Way).OrderBy(g => g.Key)
                .Select(g => $"{g.Key.ToString().ToLowerInvariant()} {g.Count()}"));
        if (_personas.Any(p => p.DirectedBy is not null))
            provenance["directions"] = string.Join("; ",
                _personas.Where(p => p.DirectedBy is not null).Select(p => $"{p.Persona.Name}: {p.DirectedBy}"));
        if (_options.Calibration is { } c)
        {
            provenance["calibration"] = c.Id.ToString();
            provenance["temperature"] = c.Softmax.Temperature.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture);
            if (_options.WordCounts is { } counts)
            {
                provenance["word-counts"] = counts.Id.ToString();
                provenance["word-counts-scale"] = c.Softmax.Scales[1].ToString("0.####", System.Globalization.CultureInfo.InvariantCulture);
            }
        }
        return provenance;
    }

    private sealed class SameTurns : IEqualityComparer<IReadOnlyList<Turn>>
    {
        public static readonly SameTurns Instance = new();

        public bool Equals(IReadOnlyList<Turn>? x, IReadOnlyList<Turn>? y) =>
            ReferenceEquals(x, y) || (x is not null && y is not null && x.SequenceEqual(y));

        public int GetHashCode(IReadOnlyList<Turn> turns) => turns.Count == 0 ? 0 : turns[^1].GetHashCode();
    }
}
