using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>One line of a user's data: as it stands in the file, and the episodes in it.</summary>
/// <param name="File">The path as it was given.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Format">What the line's fields say it is, or the format that was asked for.</param>
/// <param name="Utf8">The line's bytes, untouched, without its line feed; the line's own memory.</param>
/// <param name="Episodes">
/// One per Assistant turn that is trained on, in order; none when no turn is. A row with one such turn gives its episode the
/// row's id, a row with several <c>id/0</c>, <c>id/1</c> …, a preference <c>id/chosen</c> and <c>id/rejected</c>.
/// </param>
public sealed record DataLine(
    string File, int Line, EpisodeFormat Format, ReadOnlyMemory<byte> Utf8, IReadOnlyList<Episode> Episodes)
{
    /// <summary>Whether flags of its messages, or a verdict on its last answer, say which of its answers are trained on.</summary>
    public bool Flagged { get; init; }

    /// <summary>Fields of the line that nothing is read from, in their order.</summary>
    public IReadOnlyList<string> Unread { get; init; } = [];

    /// <summary>The format that was asked for; null where the line's fields said it.</summary>
    internal EpisodeFormat? Asked { get; init; }

    /// <summary>The line as text.</summary>
    public string Text => Encoding.UTF8.GetString(Utf8.Span);
}
