using System.Buffers;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Texts as Python sees them: rows of code points, where .NET has UTF-16 units. Case is mapped one character to one.</summary>
internal static class JinjaText
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029");

    private static readonly string[] Ascii = [.. Enumerable.Range(0, 128).Select(c => ((char)c).ToString())];

    /// <summary>What Python's <c>isspace</c> takes for white space.</summary>
    public static SearchValues<char> Spaces { get; } =
        SearchValues.Create([.. Enumerable.Range(0, 0x10000).Select(c => (char)c).Where(IsSpace)]);

    /// <summary>Whether a character is white space to Python.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>How many code points.</summary>
    public static int Length(string text) => IsPlain(text) ? text.Length : Characters(text).Length;

    /// <summary>The code points, each as a text.</summary>
    public static string[] Characters(string text)
    {
        if (IsPlain(text)) return Array.ConvertAll(text.ToCharArray(), Character);
        var characters = new List<string>(text.Length);
        for (int i = 0; i < text.Length; i += PointSize(text, i))
            characters.Add(PointSize(text, i) == 1 ? Character(text[i]) : text.Substring(i, 2));
        return [.. characters];
    }

    /// <summary>The code point at an index, which may count from the end; null outside of the text.</summary>
    public static string? At(string text, long index)
    {
        string[]? points = IsPlain(text) ? null : Characters(text);
        int length = points?.Length ?? text.Length;
        if (index < 0) index += length;
        return index < 0 || index >= length ? null : points?[index] ?? Character(text[(int)index]);
    }

    /// <summary>How many code points stand before a UTF-16 unit.</summary>
    public static long Index(string text, int unit) => unit < 0 ? unit : Length(text[..unit]);

    /// <summary>The order by code points.</summary>
    public static int Compare(string a, string b)
    {
        int same = a.AsSpan().CommonPrefixLength(b);
        if (same == a.Length || same == b.Length) return a.Length.CompareTo(b.Length);
        // A surrogate stands for what is above every other unit.
        (bool left, bool right) = (char.IsSurrogate(a[same]), char.IsSurrogate(b[same]));
        return left == right ? a[same].CompareTo(b[same]) : left.CompareTo(right);
    }

    /// <summary>Without the white space at its ends, or without those of <paramref name="characters"/>.</summary>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        int start = 0, end = text.Length;
        while (left && start < end && Strips(start, PointSize(text, start))) start += PointSize(text, start);
        while (right && start < end)
        {
            int size = end - start > 1 && char.IsSurrogatePair(text, end - 2) ? 2 : 1;
            if (!Strips(end - size, size)) break;
            end -= size;
        }
        return start == 0 && end == text.Length ? text : text[start..end];

        bool Strips(int at, int size) => characters is null
            ? IsSpace(text[at])
            : characters.AsSpan().IndexOf(text.AsSpan(at, size)) >= 0;
    }

    /// <summary>Python's <c>split</c> (or <c>rsplit</c>), at most <paramref name="most"/> times where that is not negative.</summary>
    public static List<object> Split(string text, string separator, long most, bool fromRight)
    {
        var parts = new List<object>();
        int start = 0, end = text.Length;
        while (parts.Count != most)
        {
            int at = fromRight
                ? text.AsSpan(0, end).LastIndexOf(separator)
                : text.IndexOf(separator, start, StringComparison.Ordinal);
            if (at < 0) break;
            parts.Add(fromRight ? text[(at + separator.Length)..end] : text[start..at]);
            if (fromRight) end = at;
            else start = at + separator.Length;
        }
        parts.Add(text[start..end]);
        if (fromRight) parts.Reverse();
        return parts;
    }

    /// <summary>The same at runs of white space; what is over when <paramref name="most"/> is reached stays whole.</summary>
    public static List<object> SplitAtSpace(string text, long most, bool fromRight)
    {
        var parts = new List<object>();
        int start = 0, end = text.Length;
        while (true)
        {
            if (fromRight) while (end > start && IsSpace(text[end - 1])) end--;
            else while (start < end && IsSpace(text[start])) start++;
            if (start == end) break;
            int length = parts.Count == most ? -1
                : fromRight ? end - start - 1 - text.AsSpan(start, end - start).LastIndexOfAny(Spaces)
                : text.AsSpan(start, end - start).IndexOfAny(Spaces);
            if (length < 0 || length == end - start)
            {
                parts.Add(text[start..end]);
                break;
            }
            parts.Add(fromRight ? text[(end - length)..end] : text.Substring(start, length));
            if (fromRight) end -= length;
            else start += length;
        }
        if (fromRight) parts.Reverse();
        return parts;
    }

    /// <summary>Python's <c>splitlines</c>.</summary>
    public static List<object> Lines(string text, bool keepEnds)
    {
        var lines = new List<object>();
        for (int start = 0; start < text.Length;)
        {
            int end = text.AsSpan(start).IndexOfAny(LineEnds);
            end = end < 0 ? text.Length : start + end;
            int next = end == text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }
        return lines;
    }

    /// <summary>Python's <c>replace</c>, at most <paramref name="most"/> times where that is not negative.</summary>
    public static string Replace(JinjaRun run, string text, string old, string with, long most)
    {
        var points = old.Length == 0 ? Characters(text) : null;
        long found = points is null ? text.AsSpan().Count(old) : points.Length + 1;
        long count = most < 0 ? found : Math.Min(found, most);
        if (count == 0) return text;
        run.Make(text.Length + count * (with.Length - old.Length));
        if (points is null && count == found) return text.Replace(old, with, StringComparison.Ordinal);
        var output = new StringBuilder();
        if (points is null)
        {
            int start = 0;
            for (; count > 0; count--)
            {
                int at = text.IndexOf(old, start, StringComparison.Ordinal);
                output.Append(text, start, at - start).Append(with);
                start = at + old.Length;
            }
            return output.Append(text, start, text.Length - start).ToString();
        }
        for (int i = 0; i <= points.Length; i++)
        {
            if (i < count) output.Append(with);
            if (i < points.Length) output.Append(points[i]);
        }
        return output.ToString();
    }

    /// <summary>The first letter large, all others small.</summary>
    public static string Capitalize(string text)
    {
        int first = text.Length == 0 ? 0 : PointSize(text, 0);
        return text[..first].ToUpperInvariant() + text[first..].ToLowerInvariant();
    }

    /// <summary>Python's method <c>title</c>: the letter after anything that is no letter is large.</summary>
    public static string Title(string text)
    {
        char[] letters = text.ToLowerInvariant().ToCharArray();
        for (int i = 0; i < letters.Length; i++)
            if (i == 0 || !char.IsLetter(text[i - 1])) letters[i] = char.ToUpperInvariant(letters[i]);
        return new string(letters);
    }

    private static bool IsPlain(string text) => !text.AsSpan().ContainsAnyInRange('\ud800', '\udfff');

    private static int PointSize(string text, int at) => char.IsHighSurrogate(text[at]) && at + 1 < text.Length
        && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    private static string Character(char c) => c < 128 ? Ascii[c] : c.ToString();
}
