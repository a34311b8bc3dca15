namespace PersonaSelection.Corpus;

/// <summary>Where in a user's data an episode stands.</summary>
/// <param name="File">The path as it was given.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Turn">Which of the Assistant's turns in the line, from 0.</param>
public sealed record EpisodeSource(string File, int Line, int Turn);
