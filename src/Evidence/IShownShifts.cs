using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>
/// What showing episodes does to probes, block by block; what an episode does does not hang on the others it is asked with.
/// </summary>
public interface IShownShifts
{
    /// <summary>The shift of every probe after every episode.</summary>
    /// <param name="episodes">The episodes.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">An episode cannot be shown.</exception>
    ShownBlock Compute(IReadOnlyList<Episode> episodes, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default);
}
