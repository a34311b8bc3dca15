using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Characters by the sets that hold them: all that are in the same of some sets share one symbol.</summary>
internal sealed class CodeClasses
{
    private const int MostWork = 1 << 25;
    private const int Categories = 30;
    private readonly int[] _bounds;
    private readonly char[] _symbols;
    private readonly char[] _basic = new char[char.MaxValue + 1];
    private readonly List<bool[]> _holders = [];

    /// <summary>The classes of some sets.</summary>
    /// <exception cref="FormatException">Too many sets with too many ranges.</exception>
    public CodeClasses(IReadOnlyList<CodeSet> sets)
    {
        _bounds = [.. sets.SelectMany(s => s.Ranges).SelectMany(r => (int[])[r.Low, r.High + 1]).Append(0).Distinct().Order()];
        if ((long)_bounds.Length * sets.Count * Categories > MostWork) throw new FormatException("Its pattern names too many characters.");
        _symbols = new char[_bounds.Length * Categories * 2];
        var known = new Dictionary<string, char>(StringComparer.Ordinal);
        var inRanges = new bool[sets.Count];
        var signature = new char[sets.Count];
        for (int i = 0; i < _bounds.Length; i++)
        {
            for (int s = 0; s < sets.Count; s++) inRanges[s] = sets[s].InRanges(_bounds[i]);
            for (int kind = 0; kind < 2 * Categories; kind++)
            {
                for (int s = 0; s < sets.Count; s++) signature[s] = sets[s].Holds(inRanges[s], kind / 2, kind % 2 == 1) ? '1' : '0';
                string key = new(signature);
                if (!known.TryGetValue(key, out char symbol))
                {
                    if (known.Count > char.MaxValue) throw new FormatException("Its pattern tells too many characters apart.");
                    known.Add(key, symbol = (char)known.Count);
                    _holders.Add([.. key.Select(c => c == '1')]);
                }
                _symbols[i * 2 * Categories + kind] = symbol;
            }
        }
        int at = 0;
        for (int code = 0; code <= char.MaxValue; code++)
        {
            while (at + 1 < _bounds.Length && _bounds[at + 1] <= code) at++;
            _basic[code] = Symbol(at, CharUnicodeInfo.GetUnicodeCategory((char)code), char.IsWhiteSpace((char)code));
        }
    }

    /// <summary>The symbols of all characters of one set, as a character class of .NET.</summary>
    public string ClassOf(int set)
    {
        var text = new StringBuilder("[");
        for (int from = 0; from < _holders.Count; from++)
        {
            if (!_holders[from][set]) continue;
            int to = from;
            while (to + 1 < _holders.Count && _holders[to + 1][set]) to++;
            text.Append(CultureInfo.InvariantCulture, $"\\u{from:X4}");
            if (to > from) text.Append(CultureInfo.InvariantCulture, $"-\\u{to:X4}");
            from = to;
        }
        return text.Length == 1 ? "(?!)" : text.Append(']').ToString();
    }

    /// <summary>Writes the symbol of every code point of a text.</summary>
    /// <param name="text">The text, whose surrogates are all in pairs.</param>
    /// <param name="symbols">Room for as many symbols as the text has characters.</param>
    /// <param name="starts">Where each code point starts in the text, and its end; null where that is the same number.</param>
    /// <returns>The number of code points.</returns>
    public int Map(ReadOnlySpan<char> text, Span<char> symbols, ref int[]? starts)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (!char.IsHighSurrogate(c) || i + 1 == text.Length)
            {
                if (starts is not null) starts[count] = i;
                symbols[count++] = _basic[c];
                continue;
            }
            if (starts is null)
            {
                starts = new int[text.Length + 1];
                for (int s = 0; s < i; s++) starts[s] = s;
            }
            starts[count] = i;
            int code = char.ConvertToUtf32(c, text[++i]);
            int at = Array.BinarySearch(_bounds, code);
            // White space is all in the basic plane.
            symbols[count++] = Symbol(at >= 0 ? at : ~at - 1, CharUnicodeInfo.GetUnicodeCategory(code), false);
        }
        if (starts is not null) starts[count] = text.Length;
        return count;
    }

    private char Symbol(int interval, UnicodeCategory category, bool isSpace) =>
        _symbols[(interval * Categories + (int)category) * 2 + (isSpace ? 1 : 0)];
}
