using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>
/// One way to get L[e,h], asked for some episodes at a time, so that data of any size can be worked through and the work resumed. What an
/// episode gets never depends on the others it is asked with.
/// </summary>
public interface IEvidenceSource
{
    /// <summary>How the numbers are obtained.</summary>
    EvidenceKind Kind { get; }

    /// <summary>Names of the personas, in the order of their indices.</summary>
    IReadOnlyList<string> Personas { get; }

    /// <summary>
    /// Where the numbers come from: content ids of model and personas, template, ways of presentation, calibration. Equal
    /// provenance means equal numbers.
    /// </summary>
    IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>
    /// How far what every episode gets may be off, by persona, as the calibration rests on some examples only; null where nothing was
    /// calibrated.
    /// </summary>
    OffsetError? OffsetError => null;

    /// <summary>The evidence of some episodes under some personas.</summary>
    /// <param name="episodes">The episodes.</param>
    /// <param name="personas">Indices into <see cref="Personas"/>; all, in order, when absent.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">An episode cannot be scored.</exception>
    EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default);
}
