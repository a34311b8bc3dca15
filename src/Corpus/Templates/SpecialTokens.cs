using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// The special tokens in a text that a template wrote: what the template writes of them becomes the token, what a turn contains stays
/// text, so that no data can end a turn or open one.
/// </summary>
internal sealed class SpecialTokens
{
    // Stands inside a special token's name that is text. A character that is none, so nothing is lost by dropping it.
    private const char Guarded = '\uFDD0';
    private readonly int[] _ids;
    private readonly TextFinder _finder;

    public SpecialTokens(ITokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        // A single character has no inside to guard.
        KeyValuePair<string, int>[] specials = [.. tokenizer.Specials.Where(s => s.Key.Length > 1)];
        _ids = [.. specials.Select(s => s.Value)];
        _finder = new TextFinder(specials.Select(s => s.Key));
    }

    public ITokenizer Tokenizer { get; }

    /// <summary>A text of a turn, its special tokens made text.</summary>
    public string Guard(string text)
    {
        if (text.AsSpan().ContainsAny(Guarded, JinjaChatTemplate.Reply))
            text = Shown(text).Replace(JinjaChatTemplate.Reply.ToString(), "", StringComparison.Ordinal);
        if (!_finder.TryFind(text, 0, out int at, out _, out _)) return text;
        var guarded = new StringBuilder(text.Length + 16);
        int start = 0;
        do
        {
            guarded.Append(text, start, at + 1 - start).Append(Guarded);
            start = at + 1;
        }
        while (_finder.TryFind(text, start, out at, out _, out _));
        return guarded.Append(text, start, text.Length - start).ToString();
    }

    /// <summary>The text as a person sees it.</summary>
    public static string Shown(string text) => text.Replace(Guarded.ToString(), "", StringComparison.Ordinal);

    /// <summary>Where the last special token of a text ends; 0 when there is none.</summary>
    public int LastEnd(string text)
    {
        int last = 0;
        while (_finder.TryFind(text, last, out _, out int end, out _)) last = end;
        return last;
    }

    /// <summary>The special token that a text begins with, white space aside, and where that ends; null when it begins with none.</summary>
    public int? Closing(string text, out int end) =>
        _finder.TryFind(text, 0, out int at, out end, out int number) && text.AsSpan(0, at).IsWhiteSpace() ? _ids[number] : null;

    /// <summary>The ids of a text that a template wrote.</summary>
    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length / 3 + 8);
        int told = 0;
        for (; _finder.TryFind(text, told, out int at, out int end, out int number); told = end)
        {
            Tell(at);
            ids.Add(_ids[number]);
        }
        Tell(text.Length);
        return [.. ids];

        void Tell(int end)
        {
            if (Shown(text[told..end]) is { Length: > 0 } part) ids.AddRange(Tokenizer.Encode(part));
        }
    }
}
