using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>P(low) of a probe for the model as it is.</summary>
/// <param name="Low">As it is reported: of sampled answers with half an answer of each kind put in, so that none is certain.</param>
/// <param name="Counted">As it was counted: where shifts are taken from. What is put into a reading does not average out over episodes and
/// would be a shift that none of them made.</param>
public readonly record struct ProbeReading(double Low, double Counted);

/// <summary>
/// How a model answers probes: by exact probabilities (<see cref="ScoredAnswers"/>), or by choices that are sampled from one that gives
/// none (<see cref="SampledAnswers"/>).
/// </summary>
public interface IProbeAnswers
{
    /// <summary>The content id of the model.</summary>
    string Model { get; }

    /// <summary>How answers are obtained, beside the model: for the provenance of what is made from them.</summary>
    IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>P(low) of every probe for the model as it is.</summary>
    /// <param name="probes">The probes, with different ids and replies at both poles.</param>
    /// <param name="before">Turns that come before every probe; none when absent.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    ProbeReading[] AsItIs(IReadOnlyList<Probe> probes, IReadOnlyList<Turn>? before = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default);

    /// <summary>P(low) of every probe under every persona, and for the model as it is.</summary>
    /// <param name="probes">As for <see cref="AsItIs"/>.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    ProbeTable UnderPersonas(IReadOnlyList<Probe> probes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default);

    /// <summary>What showing episodes does to probes.</summary>
    /// <param name="probes">As for <see cref="AsItIs"/>.</param>
    /// <param name="before">P(low) of each probe when nothing is shown, as it was counted.</param>
    IShownShifts Shown(IReadOnlyList<Probe> probes, IReadOnlyList<double> before);

    /// <summary>A probe with the latest of its context, so that episodes can be shown before it; null where it cannot be asked.</summary>
    /// <param name="probe">The probe.</param>
    Probe? Askable(Probe probe);
}
