using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Answers to probes sampled from a chat model that gives no probabilities: those of every persona, put before it by contexts or examples,
/// those of the model as it is, and what showing an episode does to them. The same draws for all, so that what favours a reply cancels.
/// </summary>
public sealed class SampledAnswers : IProbeAnswers
{
    /// <summary>
    /// How many times more often a probe is asked of the personas and the model as it is: their errors are in all that is made from them.
    /// </summary>
    public const int OftenerBefore = 4;

    private const int ExampleDraws = 2;
    private readonly IChatModel _model;
    private readonly IReadOnlyList<IReadOnlyList<Turn>>[] _contexts;
    private readonly int _samples;
    private readonly Lock _lock = new();

    /// <summary>Answers of a chat model. Nothing is asked yet.</summary>
    /// <param name="model">The chat model.</param>
    /// <param name="personas">The personas; null where none are put before the model.</param>
    /// <param name="samples">Answers for each probe after each episode: even, from 2.</param>
    /// <param name="cancellation">Stops the reading of examples.</param>
    /// <exception cref="UserErrorException"><c>needs-weights</c>: a persona can only be fitted or directed.</exception>
    public SampledAnswers(IChatModel model, PersonaSet? personas, int samples, CancellationToken cancellation = default)
    {
        SampledProbes.RequireEven(samples);
        IReadOnlyList<Persona> all = personas?.Personas ?? [];
        (_model, _samples) = (model, samples);
        Dictionary<string, PersonaExamples> examples = all.Count == 0 ? []
            : PersonaExamples.Load(personas!, all.Where(ByExample), cancellation).ToDictionary(e => e.Persona.Name);
        Overlap = examples.Count == 0 ? null : new ExampleOverlap(examples.Values.SelectMany(e => e.All));
        Personas = [.. all.Select(p => p.Name)];
        _contexts = [.. all.Select(p => ContextsOf(p, examples.GetValueOrDefault(p.Name)))];
        PersonasId = PersonaQuestions.IdOf([.. all.Select((p, h) => p with { Contexts = _contexts[h] })]);
        Provenance = new Dictionary<string, string> { ["sampled"] = SampledProbes.Described(samples) };
    }

    /// <inheritdoc/>
    public string Model => _model.Id;

    /// <summary>Names of the personas.</summary>
    public IReadOnlyList<string> Personas { get; }

    /// <summary>The content id of the personas and of what puts them before the model.</summary>
    public ContentId PersonasId { get; }

    /// <summary>Tells which episodes are among the examples that personas are shown by; null when none are.</summary>
    public ExampleOverlap? Overlap { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>Answers given so far.</summary>
    public long Answered { get; private set; }

    /// <summary>Those of them that chose neither of the two replies; they count for nothing.</summary>
    public long Unreadable { get; private set; }

    private static RngStream Random => RngStream.Root(1).Child("sampled-answers");

    private int Before => OftenerBefore * _samples;

    private SampledOpening[] Openings => [new([], 0, Before), .. _contexts.SelectMany(Shared)];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no probe.</exception>
    /// <exception cref="UserErrorException"><c>judge-unreadable</c>, or the model fails.</exception>
    public ProbeReading[] AsItIs(IReadOnlyList<Probe> probes, IReadOnlyList<Turn>? before = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default) =>
        [.. Ask([new(before ?? [], 0, Before)], probes, progress, cancellation)[0].Select(s => new ProbeReading(s.Share, s.Counted))];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no probe.</exception>
    /// <exception cref="InvalidOperationException">No persona was given.</exception>
    /// <exception cref="UserErrorException">As for <see cref="AsItIs"/>.</exception>
    public ProbeTable UnderPersonas(IReadOnlyList<Probe> probes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        SampledShare[][] said = OfAll(probes, progress, cancellation);
        ProbeTableRow[] rows = [.. probes.Select((p, i) => new ProbeTableRow(p.Id, p.Domain, p.Cluster ?? p.Id, said[0][i].Share))];
        return new ProbeTable(EvidenceKind.Judgement, new LabelledMatrix(rows.Select(r => r.Id), Personas, (i, h) => said[h + 1][i].Share),
            rows, new Dictionary<string, string>(Provenance)
            {
                ["model"] = Model,
                ["personas"] = PersonasId.ToString(),
                ["probes"] = ProbeMeasurement.IdOf(probes).ToString(),
                // A persona of many contexts gives more: of the fewest, no interval is too narrow.
                ["answers"] = said.Min(l => l.Average(s => s.Answers)).ToString("0.##", CultureInfo.InvariantCulture),
            })
        {
            Counted = [.. said[0].Select(s => s.Counted)],
        };
    }

    /// <summary>
    /// P(low) of each probe (row) as their counts leave it open: first of the model as it is, then of every persona. Noise in them makes
    /// what is explained by them too small, so their prior is fitted; a forecast, which is linear in them, needs none.
    /// </summary>
    /// <inheritdoc cref="UnderPersonas"/>
    public SampledRates Rates(IReadOnlyList<Probe> probes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        SampledShare[][] said = OfAll(probes, progress, cancellation);
        int[][] Counts(Func<SampledShare, int> of) => [.. probes.Select((_, i) => said.Select(s => of(s[i])).ToArray())];
        return SampledRates.Of(Counts(s => s.Lows), Counts(s => s.Answers), aside: 1);
    }

    /// <inheritdoc/>
    public IShownShifts Shown(IReadOnlyList<Probe> probes, IReadOnlyList<double> before) => new Shifts(this, probes, before);

    /// <inheritdoc/>
    /// <remarks>As it is: what a server's model reads is not known here.</remarks>
    public Probe? Askable(Probe probe) => probe;

    /// <summary>What <see cref="UnderPersonas"/> would take; null where it costs nothing but time.</summary>
    /// <param name="probes">The probes.</param>
    public EndpointEstimate? EstimateUnderPersonas(IReadOnlyList<Probe> probes) => Estimate(Openings, probes);

    /// <summary>What <see cref="AsItIs"/> would take.</summary>
    /// <param name="probes">The probes.</param>
    /// <param name="before">Turns that come before every probe; none when absent.</param>
    public EndpointEstimate? EstimateAsItIs(IReadOnlyList<Probe> probes, IReadOnlyList<Turn>? before = null) =>
        Estimate([new(before ?? [], 0, Before)], probes);

    /// <summary>What showing episodes would take.</summary>
    /// <param name="probes">The probes.</param>
    /// <param name="episodes">The episodes, all different.</param>
    public EndpointEstimate? EstimateShown(IReadOnlyList<Probe> probes, IReadOnlyList<Episode> episodes) =>
        Estimate([.. episodes.Select(After)], probes);

    /// <summary>[the model as it is, then every persona][probe]; answers under all contexts of a persona go together.</summary>
    private SampledShare[][] OfAll(IReadOnlyList<Probe> probes, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (Personas.Count == 0) throw new InvalidOperationException("There is no persona: none was given to these answers.");
        SampledShare[][] low = Ask(Openings, probes, progress, cancellation);
        int[] first = [0, 1, .. _contexts.Select((_, h) => 1 + _contexts.Take(h + 1).Sum(c => c.Count))];
        return [.. Enumerable.Range(0, _contexts.Length + 1)
            .Select(h => probes.Select((_, i) => SampledShare.Of(low[first[h]..first[h + 1]].Select(l => l[i]))).ToArray())];
    }

    private SampledOpening After(Episode episode) => new(SampledProbes.After(episode), 0, _samples);

    /// <summary>
    /// The samples of a persona, dealt out over its contexts, at least a pair each: together they are those of the model as it is.
    /// </summary>
    private IEnumerable<SampledOpening> Shared(IReadOnlyList<IReadOnlyList<Turn>> contexts)
    {
        int each = Math.Max(2, 2 * (int)Math.Ceiling(Before / (2.0 * contexts.Count)));
        return contexts.Select((c, k) => new SampledOpening(c, k * each % Before, each));
    }

    private EndpointEstimate? Estimate(IReadOnlyList<SampledOpening> openings, IReadOnlyList<Probe> probes) =>
        _model.Estimate([.. SampledProbes.Questions(openings, probes, Random)]);

    private SampledShare[][] Ask(IReadOnlyList<SampledOpening> openings, IReadOnlyList<Probe> probes,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ProbeMeasurement.RequireSome(probes);
        (SampledShare[][] low, int unreadable) = SampledProbes.Ask(_model, openings, probes, Random, progress, cancellation);
        lock (_lock) (Answered, Unreadable) = (Answered + (openings.Sum(o => (long)o.Samples) * probes.Count), Unreadable + unreadable);
        return low;
    }

    private static bool ByExample(Persona persona)
    {
        if (persona.IsDirected || (persona.IsExemplified && persona.Given is Presentation.Vector or Presentation.Adapter))
            throw new UserErrorException("needs-weights",
                $"The persona '{persona.Name}' is to be given by the weights or activations of a model; a server keeps them to itself.",
                "Use --model with a folder, or write 'given: shown' or 'given: described' in the personas' file.");
        return persona.IsExemplified;
    }

    private static IReadOnlyList<IReadOnlyList<Turn>> ContextsOf(Persona persona, PersonaExamples? examples) => examples is null
        ? PresentedPersona.WithContexts(persona).Contexts
        : ShownExamples.Contexts(examples, ShownExamples.RoomAtServer, t => ChatTemplate.Plain.RenderTurns(t).Length, ExampleDraws,
            RngStream.Root(1).Child("shown"));

    private sealed class Shifts(SampledAnswers answers, IReadOnlyList<Probe> probes, IReadOnlyList<double> before) : IShownShifts
    {
        public ShownBlock Compute(IReadOnlyList<Episode> episodes, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellation = default)
        {
            SampledShare[][] low = answers.Ask([.. episodes.Select(answers.After)], probes, progress, cancellation);
            return new ShownBlock([.. low.Select(l => l.Select((s, i) => s.Less(before[i])).ToArray())], new int[episodes.Count], [])
            {
                Contexts = [.. episodes.Select(e => e.Context)],
            };
        }
    }
}
