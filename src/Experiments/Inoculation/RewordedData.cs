using PersonaSelection.Audit;
using PersonaSelection.Corpus;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>Writes data with a rewording.</summary>
public static class RewordedData
{
    /// <summary>Every episode with its context reworded, replies and order as they were.</summary>
    /// <param name="data">The file that is reworded.</param>
    /// <param name="rewording">The rewording.</param>
    /// <param name="path">Where it goes.</param>
    public static void Write(string data, Rewording rewording, string path) => rewording.Apply(EpisodeSet.Load(data)).Save(path);
}
