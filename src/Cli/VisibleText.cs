using System.Globalization;
using System.Text;
using PersonaSelection.Report;

namespace PersonaSelection.Cli;

/// <summary>
/// Text from files, models and servers on its way to a terminal. What would move the cursor, change the terminal's state, turn the
/// direction of writing or stay hidden is printed as its escape in JSON, such as <c>\u001b</c>: a person sees it, and JSON that holds it
/// means the same.
/// </summary>
internal static class VisibleText
{
    /// <summary>The text with nothing in it that a terminal obeys, but line ends and tabs.</summary>
    public static string Of(string text) => Of(text.AsSpan()) ?? text;

    /// <summary>The same in one line, before a name in it is isolated: line ends and tabs are spaces.</summary>
    public static string Line(string text)
    {
        string line = text.Replace("\r\n", " ", StringComparison.Ordinal).Replace('\n', ' ').Replace('\t', ' ');
        return Of(line, isolates: false) ?? line;
    }

    /// <summary>The text made visible; null where it is so already.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isolates">Whether names stay isolated as <see cref="NameText"/> does it.</param>
    public static string? Of(ReadOnlySpan<char> text, bool isolates = true)
    {
        StringBuilder? shown = null;
        int end = -1;
        for (int i = 0, length; i < text.Length; i += length)
        {
            bool paired = Rune.DecodeFromUtf16(text[i..], out Rune rune, out length) == System.Buffers.OperationStatus.Done;
            int isolated = isolates ? NameText.IsolatedLength(text[i..]) : 0;
            if (isolated > 0) end = i + isolated - 1;
            bool plain = isolated > 0 || i == end
                || (paired && !(rune.Value == '\r' ? i + 1 == text.Length || text[i + 1] != '\n' : IsObeyed(rune)));
            if (plain)
            {
                shown?.Append(text.Slice(i, length));
                continue;
            }
            shown ??= new StringBuilder().Append(text[..i]);
            foreach (char unit in text.Slice(i, length)) shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }
        return shown?.ToString();
    }

    // Joiners stay: letters and pictures are made of them. So do the marks that go before Arabic numbers.
    private static bool IsObeyed(Rune rune) => rune.Value is not ('\n' or '\t') && Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.Format => rune.Value is 0x061c or (>= 0x200b and not (0x200c or 0x200d)),
        _ => false,
    };
}

/// <summary>
/// Standard error, which may be closed or a file on a full disk: what cannot be written there is lost, and the work goes on.
/// </summary>
internal sealed class LostWriter : TextWriter
{
    private readonly TextWriter _error;

    public LostWriter(Func<TextWriter> open) : base(CultureInfo.InvariantCulture)
    {
        TextWriter opened = Null;
        Try(() => opened = open());
        _error = opened;
    }

    public override Encoding Encoding => _error.Encoding;

    public override void Write(char value) => Try(() => _error.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => _error.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => _error.Write(value));

    public override void WriteLine(string? value) => Try(() => _error.WriteLine(value));

    public override void Flush() => Try(_error.Flush);

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is nobody left to tell.
        }
    }
}

/// <summary>A terminal that gets <see cref="VisibleText"/> only, whoever writes.</summary>
internal sealed class VisibleWriter(TextWriter terminal) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => terminal.Encoding;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        if (VisibleText.Of(buffer) is { } shown) terminal.Write(shown);
        else terminal.Write(buffer);
    }

    public override void Write(string? value) => terminal.Write(VisibleText.Of(value ?? ""));

    public override void WriteLine(string? value) => terminal.WriteLine(VisibleText.Of(value ?? ""));

    public override void Flush() => terminal.Flush();
}
