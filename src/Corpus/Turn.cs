namespace PersonaSelection.Corpus;

/// <summary>One turn of a dialogue.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or another speaker's name, in lower case.</param>
/// <param name="Text">What is said.</param>
public sealed record Turn(string Role, string Text);
