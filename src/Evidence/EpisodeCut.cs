namespace PersonaSelection.Evidence;

/// <summary>What of an episode could not be read, the same for every persona.</summary>
/// <param name="Episode">Its place among the episodes that were asked for.</param>
/// <param name="TurnsLeftOut">Turns at the front of its context that were left out whole.</param>
/// <param name="TurnShortened">Whether the first turn that was kept lost its beginning.</param>
/// <param name="ReplyTokensLeftOut">Tokens at the end of the reply that were not scored.</param>
/// <param name="Unread">Why nothing of it was scored, in one sentence; null when some of it was. Its evidence is 0
/// for every persona.</param>
public sealed record EpisodeCut(int Episode, int TurnsLeftOut, bool TurnShortened, int ReplyTokensLeftOut, string? Unread = null);
