using System.Globalization;

namespace PersonaSelection.Corpus;

/// <summary>A template as tokens. White space around tags is cut here: <c>trim_blocks</c>, <c>lstrip_blocks</c>, - and +.</summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Signs =
        ["//", "**", "==", "!=", ">=", "<=", .. "+-/*%~[](){}<>=.:|,;".Select(c => c.ToString())];

    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _lineStarts = true;

    public JinjaLexer(string source)
    {
        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = text.EndsWith('\n') ? text[..^1] : text;
    }

    /// <summary>All tokens; the last is <see cref="JinjaTokenKind.End"/>.</summary>
    /// <exception cref="FormatException">Something is no token, or has no end.</exception>
    public List<JinjaToken> Read()
    {
        for (int begin; (begin = NextTag()) >= 0;)
        {
            char kind = _source[begin + 1];
            int after = begin + 2;
            char control = At(after) is '-' or '+' ? At(after++) : '\0';
            if (kind == '%' && ClosingTag(after, "raw", plus: false) is (var rawEnd, var rawStrips))
            {
                Data(begin, control, strips: true);
                Move(rawEnd);
                if (rawStrips) SkipSpace();
                Raw();
                continue;
            }
            Data(begin, control, strips: kind != '{');
            if (kind == '#') Comment(after);
            else Tag(kind == '{', after);
        }
        Data(_source.Length, '\0', strips: false);
        Add(JinjaTokenKind.End, "");
        return _tokens;
    }

    private char At(int index) => index < _source.Length ? _source[index] : '\0';

    private void Add(JinjaTokenKind kind, string text, object? value = null) => _tokens.Add(new JinjaToken(kind, text, _line, value));

    private FormatException Fail(string problem) => new($"line {_line}: {problem}");

    private void Move(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }

    private void SkipSpace()
    {
        int to = _at;
        while (to < _source.Length && JinjaText.IsSpace(_source[to])) to++;
        Move(to);
    }

    private int NextTag()
    {
        for (int i = _at; (i = _source.IndexOf('{', i)) >= 0; i++)
            if (At(i + 1) is '{' or '%' or '#') return i;
        return -1;
    }

    /// <summary>The text before a tag, without what the tag cuts off; blocks and comments cut the indentation of their line.</summary>
    private void Data(int end, char control, bool strips)
    {
        string text = _source[_at..end];
        if (control == '-')
        {
            text = JinjaText.Strip(text, null, left: false, right: true);
        }
        else if (control != '+' && strips)
        {
            int line = text.LastIndexOf('\n') + 1;
            if ((line > 0 || _lineStarts) && text.AsSpan(line).IndexOfAnyExcept(JinjaText.Spaces) < 0) text = text[..line];
        }
        if (text.Length > 0) Add(JinjaTokenKind.Data, text);
        Move(end);
    }

    /// <summary>Goes past the end of a tag, and past the white space that its control or <c>trim_blocks</c> takes.</summary>
    private void Close(int end, char control, bool trims)
    {
        Move(end);
        if (control == '-') SkipSpace();
        else if (control != '+' && trims && At(_at) == '\n') Move(_at + 1);
        _lineStarts = _source[_at - 1] == '\n';
    }

    private void Comment(int from)
    {
        int end = _source.IndexOf("#}", from, StringComparison.Ordinal);
        if (end < 0) throw Fail("a comment has no end");
        Close(end + 2, end > from ? _source[end - 1] : '\0', trims: true);
    }

    /// <summary>Where the rest of the tag of a single word ends, and whether it strips what follows.</summary>
    private (int End, bool Strips)? ClosingTag(int from, string word, bool plus)
    {
        int i = from;
        while (JinjaText.IsSpace(At(i))) i++;
        if (string.CompareOrdinal(_source, i, word, 0, word.Length) != 0) return null;
        i += word.Length;
        while (JinjaText.IsSpace(At(i))) i++;
        char control = At(i) == '-' || (plus && At(i) == '+') ? At(i++) : '\0';
        return At(i) == '%' && At(i + 1) == '}' ? (i + 2, control == '-') : null;
    }

    private void Raw()
    {
        _lineStarts = _source[_at - 1] == '\n';
        for (int i = _at; (i = _source.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i++)
        {
            int after = i + 2;
            char control = At(after) is '-' or '+' ? At(after++) : '\0';
            if (ClosingTag(after, "endraw", plus: true) is not (var end, _)) continue;
            Data(i, control, strips: true);
            Close(end, _source[end - 3], trims: true);
            return;
        }
        throw Fail("'raw' has no 'endraw'");
    }

    private void Tag(bool output, int from)
    {
        (JinjaTokenKind begin, JinjaTokenKind end) = output
            ? (JinjaTokenKind.OutputBegin, JinjaTokenKind.OutputEnd)
            : (JinjaTokenKind.BlockBegin, JinjaTokenKind.BlockEnd);
        string close = output ? "}}" : "%}";
        Add(begin, output ? "{{" : "{%");
        int opened = _line;
        Move(from);
        var brackets = new Stack<char>();
        while (true)
        {
            SkipSpace();
            if (_at >= _source.Length) throw new FormatException($"line {opened}: a tag has no end");
            char control = At(_at) == '-' || (!output && At(_at) == '+') ? At(_at) : '\0';
            int closing = control == '\0' ? _at : _at + 1;
            if (brackets.Count == 0 && string.CompareOrdinal(_source, closing, close, 0, 2) == 0)
            {
                Add(end, close);
                Close(closing + 2, control, trims: !output);
                return;
            }
            Token(brackets);
        }
    }

    private void Token(Stack<char> brackets)
    {
        char first = _source[_at];
        int end = _at + 1;
        if (first is '\'' or '"')
        {
            while (end < _source.Length && _source[end] != first) end += _source[end] == '\\' ? 2 : 1;
            if (end >= _source.Length) throw Fail("a text has no closing quote");
            Add(JinjaTokenKind.Text, JinjaLiterals.Text(_source[(_at + 1)..end], Fail));
            Move(end + 1);
        }
        else if (char.IsAsciiDigit(first))
        {
            // After a point digits are an index: a.0.1
            end = JinjaLiterals.NumberEnd(_source, _at, real: _at == 0 || _source[_at - 1] != '.');
            string digits = _source[_at..end];
            object value = JinjaLiterals.Number(digits) ?? throw Fail($"the number {digits} is too large");
            Add(value is double ? JinjaTokenKind.Real : JinjaTokenKind.Whole, digits, value);
            Move(end);
        }
        else if (char.IsLetter(first) || first == '_')
        {
            while (end < _source.Length && IsNamePart(_source[end])) end++;
            Add(JinjaTokenKind.Name, _source[_at..end]);
            Move(end);
        }
        else
        {
            string sign = Signs.FirstOrDefault(s => string.CompareOrdinal(_source, _at, s, 0, s.Length) == 0)
                ?? throw Fail($"'{first}' is not understood");
            Balance(brackets, sign[0]);
            Add(JinjaTokenKind.Sign, sign);
            Move(_at + sign.Length);
        }
    }

    private static bool IsNamePart(char c) =>
        char.IsLetterOrDigit(c) || c == '_'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private void Balance(Stack<char> brackets, char sign)
    {
        int closing = ")]}".IndexOf(sign);
        if ("([{".Contains(sign)) brackets.Push(sign);
        else if (closing >= 0 && (brackets.Count == 0 || brackets.Pop() != "([{"[closing])) throw Fail($"'{sign}' closes nothing");
    }
}
