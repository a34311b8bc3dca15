namespace PersonaSelection.Corpus;

/// <summary>
/// A set of characters as a pattern names it: ranges of code points, general categories, white space, all of it perhaps negated.
/// </summary>
internal sealed class CodeSet
{
    private const uint AllCategories = (1u << 30) - 1;
    private readonly List<(int Low, int High)> _ranges = [];
    private uint _categories;
    private bool _space, _notSpace;

    /// <summary>It is everything else.</summary>
    public bool Negated { get; set; }

    /// <summary>The ranges, ends included.</summary>
    public IReadOnlyList<(int Low, int High)> Ranges => _ranges;

    /// <summary>All of it is named by ranges of ASCII characters.</summary>
    public bool IsAscii => _categories == 0 && !_space && !_notSpace && _ranges.TrueForAll(r => r.High < 128);

    public void Add(int low, int high) => _ranges.Add((low, high));

    public void AddSpace(bool not)
    {
        if (not) _notSpace = true;
        else _space = true;
    }

    public void AddCategories(uint mask, bool not) => _categories |= not ? AllCategories & ~mask : mask;

    /// <summary>Adds the other case of its ASCII letters, with the long s and the Kelvin sign, which Unicode folds to s and k.</summary>
    public void AddOtherCases()
    {
        foreach (char c in Enumerable.Range('a', 26).Select(c => (char)c))
        {
            if (!InRanges(c) && !InRanges(char.ToUpperInvariant(c))) continue;
            Add(c, c);
            Add(char.ToUpperInvariant(c), char.ToUpperInvariant(c));
            if (c == 's') Add('\u017f', '\u017f');
            if (c == 'k') Add('\u212a', '\u212a');
        }
    }

    public bool InRanges(int code)
    {
        foreach ((int low, int high) in _ranges)
            if (code >= low && code <= high) return true;
        return false;
    }

    /// <summary>Whether it holds a character of which this is known.</summary>
    public bool Holds(bool inRanges, int category, bool isSpace) =>
        (inRanges || (_categories >> category & 1) != 0 || (isSpace ? _space : _notSpace)) != Negated;

    /// <summary>The mask of a general category, such as <c>L</c> or <c>Nd</c>; null when there is none of this name.</summary>
    public static uint? Category(string name)
    {
        uint mask = 0;
        for (int c = 0; c < 30; c++)
        {
            string of = Names[c];
            if (of == name || name.Length == 1 && of[0] == name[0]) mask |= 1u << c;
        }
        return mask == 0 ? null : mask;
    }

    // In the order of UnicodeCategory.
    private static readonly string[] Names = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
        "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];
}
