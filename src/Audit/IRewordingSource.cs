using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Audit;

/// <summary>Where candidate rewordings come from: a library, a file, or a model that is asked to write some.</summary>
public interface IRewordingSource
{
    /// <summary>Candidates for these episodes, with different names.</summary>
    /// <param name="episodes">The data that is to be reworded.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between requests.</param>
    /// <exception cref="UserErrorException">They cannot be had.</exception>
    IReadOnlyList<Rewording> For(EpisodeSet episodes, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default);
}
