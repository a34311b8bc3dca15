using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>
/// Evidence from what showing an episode does to probes: the reweighing of the personas that explains it (<see cref="Reweighing"/>). Each
/// row is known up to a constant, and has mean 0.
/// </summary>
public sealed class InContextSource : IEvidenceSource
{
    private readonly IShownShifts _shown;
    private readonly Reweighing _reweighing;

    private InContextSource(IShownShifts shown, Reweighing reweighing, IReadOnlyDictionary<string, string> provenance) =>
        (_shown, _reweighing, Provenance) = (shown, reweighing, provenance);

    /// <inheritdoc/>
    public EvidenceKind Kind => EvidenceKind.InContext;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas => _reweighing.Personas;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>A source.</summary>
    /// <param name="shown">Shows episodes before the probes.</param>
    /// <param name="answers">What each persona answers to the same probes.</param>
    /// <param name="presented">Evidence of the same personas, put before the model in the same way and not calibrated: what they are told
    /// by enters the provenance.</param>
    public static InContextSource Of(ShownShifts shown, PersonaContrast answers, IEvidenceSource presented) =>
        new(shown, Reweighing.Of(answers.Low), new Dictionary<string, string>(presented.Provenance)
        {
            ["probes"] = ProbeMeasurement.IdOf(answers.Probes).ToString(),
            ["in-context"] = Described(answers.Probes.Count),
        });

    /// <summary>A source from sampled answers.</summary>
    /// <param name="answers">Those of every persona, and what showing episodes does to the model's.</param>
    public static InContextSource Of(SampledAnswers answers) =>
        new(answers, Reweighing.Of(answers.Low), new Dictionary<string, string>(answers.Provenance)
        {
            ["probes"] = ProbeMeasurement.IdOf(answers.Probes).ToString(),
            ["in-context"] = Described(answers.Probes.Count),
        });

    private static string Described(int probes) =>
        string.Create(CultureInfo.InvariantCulture,
            $"shifts of {probes} probes as a reweighing of the personas, penalty {Reweighing.Penalty}");

    /// <inheritdoc/>
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ShownBlock shown = _shown.Compute(episodes, progress, cancellation);
        double[][] nats = [.. shown.Shifts.Select(s => _reweighing.Explain(s))];
        return new EvidenceBlock(personas is null ? nats : [.. nats.Select(row => personas.Select(h => row[h]).ToArray())], shown.Tokens)
        {
            Cuts = shown.Cuts,
        };
    }
}
