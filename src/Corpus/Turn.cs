namespace PersonaSelection.Corpus;

/// <summary>One turn of a dialogue.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or another speaker's name, in lower case.</param>
/// <param name="Text">What is said.</param>
public sealed record Turn(string Role, string Text)
{
    /// <summary>
    /// One string for some turns, equal for equal turns alone as far as nobody writes control characters: what makes two contexts one
    /// situation, wherever situations are counted, drawn or grouped.
    /// </summary>
    /// <remarks>
    /// The speakers belong to it: templates write them, and a model follows a system turn otherwise than the same words of a user. And
    /// turns stay apart: two turns are not one that quotes them, role, colon and all.
    /// </remarks>
    public static string KeyOf(IEnumerable<Turn> turns) => string.Join('\u0001', turns.Select(t => $"{t.Role}\u0002{t.Text}"));
}
