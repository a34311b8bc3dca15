using PersonaSelection.Lab;

namespace PersonaSelection.Experiments;

/// <summary>How forecasts are made from exact probabilities.</summary>
/// <param name="Seed">The seed of what is shown and redrawn.</param>
public sealed record ForecastingOptions(ulong Seed = 1)
{
    /// <summary>Where personas that are fitted to examples are kept; null for a folder that is deleted at the end.</summary>
    public ArtifactStore? Fitted { get; init; }

    /// <summary>
    /// Whether an episode that does not fit the model, or that it cannot read, is an error; it is cut otherwise, as in an audit.
    /// </summary>
    public bool Strict { get; init; }
}

/// <summary>How a chat model that gives no probabilities is asked.</summary>
/// <param name="Samples">Answers to each probe after each episode: even, from 2.</param>
/// <param name="Folder">Where the judge's answers are kept.</param>
/// <param name="Seed">The seed of what is judged, shown and redrawn.</param>
public sealed record AskingOptions(int Samples, string Folder, ulong Seed = 1)
{
    /// <summary>Different episodes that are judged at most.</summary>
    public int Judged { get; init; } = Forecasting.JudgedEpisodes;
}
