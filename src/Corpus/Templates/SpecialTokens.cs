using System.Buffers;
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
    private readonly SearchValues<string>? _anywhere;
    private readonly string[] _longestFirst;

    public SpecialTokens(ITokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        _longestFirst = [.. tokenizer.Specials.Keys.Where(s => s.Length > 1).OrderByDescending(s => s.Length)];
        if (_longestFirst.Length > 0) _anywhere = SearchValues.Create(_longestFirst, StringComparison.Ordinal);
    }

    public ITokenizer Tokenizer { get; }

    /// <summary>A text of a turn, its special tokens made text.</summary>
    public string Guard(string text)
    {
        if (text.AsSpan().ContainsAny(Guarded, JinjaChatTemplate.Reply))
            text = Shown(text).Replace(JinjaChatTemplate.Reply.ToString(), "", StringComparison.Ordinal);
        int at = Find(text, 0, out _);
        if (at < 0) return text;
        var guarded = new StringBuilder(text.Length + 16);
        int start = 0;
        for (; at >= 0; at = Find(text, start, out _))
        {
            guarded.Append(text, start, at + 1 - start).Append(Guarded);
            start = at + 1;
        }
        return guarded.Append(text, start, text.Length - start).ToString();
    }

    /// <summary>The text as a person sees it.</summary>
    public static string Shown(string text) => text.Replace(Guarded.ToString(), "", StringComparison.Ordinal);

    /// <summary>Where the last special token of a text ends; 0 when there is none.</summary>
    public int LastEnd(string text)
    {
        int end = 0;
        while (Find(text, end, out int length) is var at and >= 0) end = at + length;
        return end;
    }

    /// <summary>The special token that a text begins with, white space aside, and where that ends; null when it begins with none.</summary>
    public int? Closing(string text, out int end)
    {
        int at = Find(text, 0, out int length);
        end = at + length;
        return at >= 0 && text.AsSpan(0, at).IsWhiteSpace() ? Tokenizer.Specials[text[at..end]] : null;
    }

    /// <summary>The ids of a text that a template wrote.</summary>
    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length / 3 + 8);
        int start = 0;
        while (true)
        {
            int at = Find(text, start, out int length);
            string part = Shown(text[start..(at < 0 ? text.Length : at)]);
            if (part.Length > 0) ids.AddRange(Tokenizer.Encode(part));
            if (at < 0) return [.. ids];
            ids.Add(Tokenizer.Specials[text.Substring(at, length)]);
            start = at + length;
        }
    }

    // The leftmost, and of those that begin there the longest.
    private int Find(string text, int from, out int length)
    {
        length = 0;
        if (_anywhere is null) return -1;
        int at = text.AsSpan(from).IndexOfAny(_anywhere);
        if (at < 0) return -1;
        at += from;
        foreach (string special in _longestFirst)
        {
            if (string.CompareOrdinal(text, at, special, 0, special.Length) != 0) continue;
            length = special.Length;
            return at;
        }
        return -1;
    }
}
