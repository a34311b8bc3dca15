using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// A pattern taken apart into sets of characters and the operators between them. Only what Oniguruma and .NET understand in the same way
/// once the sets are known is read; the rest is refused by name.
/// </summary>
internal sealed class PatternParts
{
    private const int LongestPattern = 8192;
    private readonly string _text;
    private readonly List<CodeSet> _sets = [];
    // An operator as text, or the number of a set.
    private readonly List<(string? Operator, int Set)> _parts = [];
    private int _at;

    private PatternParts(string text) => _text = text;

    /// <summary>The sets of characters, in the order in which they are met.</summary>
    public IReadOnlyList<CodeSet> Sets => _sets;

    /// <summary>Takes a pattern apart.</summary>
    /// <exception cref="FormatException">Something that is not read.</exception>
    public static PatternParts Read(string pattern)
    {
        if (pattern.Length is 0 or > LongestPattern)
            throw new FormatException($"Its pattern has {pattern.Length} characters; 1 to {LongestPattern} are read.");
        var parts = new PatternParts(pattern);
        parts.ReadAll();
        return parts;
    }

    /// <summary>The pattern of .NET over symbols.</summary>
    public string Write(CodeClasses classes) => string.Concat(_parts.Select(p => p.Operator ?? classes.ClassOf(p.Set)));

    private void ReadAll()
    {
        var groups = new Stack<(int Start, bool AnyCase)>();
        bool anyCase = false;
        // Where the thing begins that a quantifier would repeat.
        int atom = -1;
        while (_at < _text.Length)
        {
            switch (_text[_at])
            {
                case '|':
                    _at++;
                    AddOperator("|");
                    atom = -1;
                    break;
                case '(':
                    groups.Push((_parts.Count, anyCase));
                    OpenGroup(ref anyCase);
                    atom = -1;
                    break;
                case ')':
                    if (!groups.TryPop(out (int Start, bool AnyCase) group)) throw NotRead(")");
                    _at++;
                    (atom, anyCase) = group;
                    AddOperator(")");
                    break;
                case '?' or '*' or '+' or '{':
                    if (atom < 0) throw NotRead(_text[_at].ToString());
                    ReadQuantifier(atom);
                    atom = -1;
                    break;
                case '^' or '$':
                    throw NotRead(_text[_at].ToString());
                default:
                    atom = _parts.Count;
                    AddSet(ReadSet(), anyCase);
                    break;
            }
        }
        if (groups.Count > 0) throw NotRead("(");
    }

    private void OpenGroup(ref bool anyCase)
    {
        foreach ((string open, string written) in ((string, string)[])[("(?:", "(?:"), ("(?=", "(?="), ("(?!", "(?!"), ("(?<=", "(?<="),
            ("(?<!", "(?<!"), ("(?>", "(?>"), ("(?i:", "(?:"), ("(?-i:", "(?:")])
        {
            if (!_text.AsSpan(_at).StartsWith(open, StringComparison.Ordinal)) continue;
            _at += open.Length;
            if (open == "(?i:") anyCase = true;
            if (open == "(?-i:") anyCase = false;
            AddOperator(written);
            return;
        }
        if (_text.AsSpan(_at).StartsWith("(?", StringComparison.Ordinal)) throw NotRead("(?");
        _at++;
        AddOperator("(?:");
    }

    private void ReadQuantifier(int atom)
    {
        int start = _at++;
        if (_text[start] == '{')
        {
            int close = _text.IndexOf('}', start);
            string[] numbers = close < 0 ? [] : _text[_at..close].Split(',');
            if (numbers.Length is not (1 or 2) || !IsNumber(numbers[0])
                || numbers.Length == 2 && numbers[1].Length > 0 && !IsNumber(numbers[1]))
                throw NotRead("{");
            _at = close + 1;
            AddOperator(_text[start.._at]);
            if (_at < _text.Length && _text[_at] is '?' or '+') throw NotRead("}" + _text[_at]);
            return;
        }
        AddOperator(_text[start].ToString());
        if (_at == _text.Length) return;
        if (_text[_at] == '?')
        {
            _at++;
            AddOperator("?");
        }
        else if (_text[_at] == '+')
        {
            // It gives nothing back.
            _at++;
            _parts.Insert(atom, ("(?>", 0));
            AddOperator(")");
        }
        static bool IsNumber(string n) => n.Length is > 0 and <= 4 && n.All(char.IsAsciiDigit);
    }

    private CodeSet ReadSet()
    {
        if (_text[_at] == '[') return ReadClass();
        var set = new CodeSet();
        if (_text[_at] == '.')
        {
            _at++;
            set.Add('\n', '\n');
            set.Negated = true;
        }
        else if (!TryReadKind(set))
        {
            int code = ReadCode();
            set.Add(code, code);
        }
        return set;
    }

    private CodeSet ReadClass()
    {
        var set = new CodeSet();
        _at++;
        if (Peek == '^')
        {
            _at++;
            set.Negated = true;
        }
        if (Peek == ']') throw NotRead("[]");
        while (Peek != ']')
        {
            if (Peek == '[' || Peek == '&' && _at + 1 < _text.Length && _text[_at + 1] == '&') throw NotRead("a set within a set");
            if (TryReadKind(set)) continue;
            bool escaped = Peek == '\\';
            int low = ReadCode(), high = low;
            if (low == '-' && !escaped && Peek != ']' && set.Ranges.Count > 0) throw NotRead("-");
            if (Peek == '-' && _at + 1 < _text.Length && _text[_at + 1] != ']')
            {
                _at++;
                if (Peek == '[' || Peek == '\\' && _at + 1 < _text.Length && "sSdDpP".Contains(_text[_at + 1], StringComparison.Ordinal))
                    throw NotRead("-");
                high = ReadCode();
                if (high < low) throw NotRead("a range whose end comes first");
            }
            set.Add(low, high);
        }
        _at++;
        return set;
    }

    // \s, \d, \p{..} and their opposites.
    private bool TryReadKind(CodeSet set)
    {
        if (Peek != '\\' || _at + 1 == _text.Length) return false;
        char kind = _text[_at + 1];
        switch (char.ToLowerInvariant(kind))
        {
            case 's':
                set.AddSpace(kind == 'S');
                _at += 2;
                return true;
            case 'd':
                set.AddCategories(CodeSet.Category("Nd")!.Value, kind == 'D');
                _at += 2;
                return true;
            case 'p':
                int close = _text.IndexOf('}', _at);
                if (close < 0 || _text[_at + 2] != '{' || CodeSet.Category(_text[(_at + 3)..close]) is not { } mask)
                    throw NotRead(close < 0 ? "\\p" : _text[_at..(close + 1)]);
                set.AddCategories(mask, kind == 'P');
                _at = close + 1;
                return true;
            default:
                return false;
        }
    }

    private int ReadCode()
    {
        if (Peek != '\\')
        {
            if (!Rune.TryGetRuneAt(_text, _at, out Rune rune)) throw NotRead("half a character");
            _at += rune.Utf16SequenceLength;
            return rune.Value;
        }
        _at++;
        char c = Peek;
        _at++;
        switch (c)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'u': return ReadHex(4);
            case 'x' when Peek == '{':
                _at++;
                int close = _text.IndexOf('}', _at);
                int code = ReadHex(close - _at);
                _at++;
                return code;
            default:
                if (char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c)) return c;
                throw NotRead("\\" + c);
        }
    }

    private int ReadHex(int length)
    {
        if (length is < 1 or > 8 || length > _text.Length - _at || !int.TryParse(_text.AsSpan(_at, length), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture, out int code) || !Rune.IsValid(code)) throw NotRead("a number of a character");
        _at += length;
        return code;
    }

    private char Peek => _at < _text.Length ? _text[_at] : throw NotRead("an end within something");

    private void AddOperator(string text) => _parts.Add((text, 0));

    private void AddSet(CodeSet set, bool anyCase)
    {
        if (anyCase)
        {
            if (!set.IsAscii) throw NotRead("letters beyond ASCII without case");
            set.AddOtherCases();
        }
        _parts.Add((null, _sets.Count));
        _sets.Add(set);
    }

    private FormatException NotRead(string what) =>
        new($"Its pattern {(_text.Length <= 60 ? _text : _text[..60] + "…")} has \"{what}\" near character "
            + $"{Math.Min(_at, _text.Length) + 1}, which is not read.");
}
