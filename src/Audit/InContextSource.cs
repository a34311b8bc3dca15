using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>
/// Evidence from what showing an episode does to probes: the reweighing of the personas that explains it (<see cref="Reweighing"/>). Each row is
/// known up to a constant, and has mean 0.
/// </summary>
public sealed class InContextSource : IEvidenceSource
{
    private readonly ShownShifts _shown;
    private readonly Reweighing _reweighing;

    private InContextSource(ShownShifts shown, Reweighing reweighing, IReadOnlyDictionary<string, string> provenance) =>
        (_shown, _reweighing, Provenance) = (shown, reweighing, provenance);

    /// <inheritdoc/>
    public EvidenceKind Kind => EvidenceKind.InContext;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas => _reweighing.Personas;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>Asks every persona every probe, and the model as it is.</summary>
    /// <param name="presented">The personas before the model, not calibrated.</param>
    /// <param name="model">The model as it is.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="options">How dialogues become text, and whether an episode that does not fit is an error.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">A probe does not fit the model or has a word it does not know.</exception>
    public static InContextSource Of(PresentedPersonas presented, ILanguageModel model, IReadOnlyList<Probe> probes, LikelihoodOptions options,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        PersonaContrast answers = PersonaContrast.Measure(presented.Personas, model, probes, options.Template, progress, cancellation);
        var provenance = new Dictionary<string, string>(presented.Source.Provenance)
        {
            ["probes"] = ProbeMeasurement.IdOf(probes).ToString(),
            ["in-context"] = string.Create(CultureInfo.InvariantCulture, $"shifts of {probes.Count} probes as a reweighing of the personas, penalty {Reweighing.Penalty}"),
        };
        return new InContextSource(new ShownShifts(model, probes, answers.BareLow, options), Reweighing.Of(answers.Low), provenance);
    }

    /// <inheritdoc/>
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ShownBlock shown = _shown.Compute(episodes, progress, cancellation);
        double[][] nats = [.. shown.Shifts.Select(s => _reweighing.Explain(s))];
        return new EvidenceBlock(personas is null ? nats : [.. nats.Select(row => personas.Select(h => row[h]).ToArray())], shown.Tokens) { Cuts = shown.Cuts };
    }
}
