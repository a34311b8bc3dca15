using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments;

/// <summary>What a forecast draws of a set of episodes: by the seed and the name of the set alone, whatever is asked of it.</summary>
/// <param name="seed">The seed.</param>
internal sealed class ForecastDraws(ulong seed)
{
    private readonly RngStream _root = RngStream.Root(seed);

    /// <summary>The episodes that evidence is asked for: all, or at most so many different ones.</summary>
    public EpisodeSet Judged(EpisodeSet set, int most) =>
        most == int.MaxValue ? set : EpisodeDraw.Of(set, most, _root.Child("judged").Child(set.Name)).Episodes;

    /// <summary>Draws the situations that a dose is fitted to.</summary>
    public RngStream Situations(EpisodeSet set) => _root.Child("situations").Child(set.Name);

    /// <summary>The episodes that are shown, at most so many.</summary>
    public EpisodeDraw Shown(EpisodeSet set, int most) => EpisodeDraw.Of(set, most, _root.Child("shown").Child(set.Name));
}
