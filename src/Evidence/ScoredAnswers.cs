using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>Answers to probes from exact probabilities of whole replies.</summary>
/// <param name="model">The model as it is.</param>
/// <param name="personas">The personas as they are put before it or before others, with different names; may be none.</param>
/// <param name="options">Whether an episode that does not fit is an error.</param>
public sealed class ScoredAnswers(ILanguageModel model, IReadOnlyList<PresentedPersona> personas, LikelihoodOptions options) : IProbeAnswers
{
    /// <inheritdoc/>
    public string Model => model.Id;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; } =
        new Dictionary<string, string> { ["template"] = model.Template.Name };

    /// <inheritdoc/>
    public ProbeReading[] AsItIs(IReadOnlyList<Probe> probes, IReadOnlyList<Turn>? before = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default) =>
        [.. ProbeMeasurement.Of(model, probes, before, progress, cancellation).Select(p => new ProbeReading(p, p))];

    /// <inheritdoc/>
    public ProbeTable UnderPersonas(IReadOnlyList<Probe> probes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default) =>
        ProbeMeasurement.UnderPersonas(model, probes, personas, progress: progress, cancellation: cancellation);

    /// <inheritdoc/>
    public IShownShifts Shown(IReadOnlyList<Probe> probes, IReadOnlyList<double> before) => new ShownShifts(model, probes, before, options);

    /// <inheritdoc/>
    /// <remarks>At most a third of what the model reads.</remarks>
    public Probe? Askable(Probe probe)
    {
        var nobody = PresentedPersona.AsGiven(new Persona("", "", "", new Dictionary<string, double>()), model);
        var fit = new EpisodeFit(model, model.ContextLength / 3, options with { Strict = false }, [nobody]);
        string longest = probe.Low.Concat(probe.High).MaxBy(r => r.Length)!;
        return fit.Of(new Episode(probe.Id, probe.Context, longest)) is { Reply.Length: > 0 } kept
            ? probe with { Context = kept.Context } : null;
    }
}
