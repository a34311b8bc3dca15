using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
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

    private InContextSource(IShownShifts shown, Reweighing reweighing, SampledReweighing? answers,
        IReadOnlyDictionary<string, string> provenance) =>
        (_shown, _reweighing, Answers, Provenance) = (shown, reweighing, answers, provenance);

    /// <summary>What makes evidence of sampled answers; null where answers are exact.</summary>
    public SampledReweighing? Answers { get; }

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
        new(shown, Reweighing.Of(answers.Low), null, new Dictionary<string, string>(presented.Provenance)
        {
            ["probes"] = ProbeMeasurement.IdOf(answers.Probes).ToString(),
            ["in-context"] = Described(answers.Probes.Count),
        });

    /// <summary>A source from sampled answers.</summary>
    /// <param name="answers">How probes are answered.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="rates">What the model as it is and each persona answer to them: <see cref="SampledAnswers.Rates"/>.</param>
    public static InContextSource Of(SampledAnswers answers, IReadOnlyList<Probe> probes, SampledRates rates)
    {
        var reweighing = new SampledReweighing(answers.Personas, rates);
        // What is shown is a plain share too: anything that drew one of both elsewhere would be a shift that no episode made.
        IShownShifts shown = answers.Shown(probes, [.. probes.Select((_, i) => rates.Share(i, 0))]);
        return new(shown, reweighing.Expected, reweighing, new Dictionary<string, string>(answers.Provenance)
        {
            ["model"] = answers.Model,
            ["personas"] = answers.PersonasId.ToString(),
            ["probes"] = ProbeMeasurement.IdOf(probes).ToString(),
            ["in-context"] = $"{Described(probes.Count)}, answers of personas with a fitted prior, from the share before",
        });
    }

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
            Shifts = Answers is null ? null : shown.Shifts,
        };
    }
}
