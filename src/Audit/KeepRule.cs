using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>
/// A rule about an episode, such as <c>influence.careful > -0.01 and not speaker.careless-doctor > 0.5</c>: comparisons of numbers and
/// fields, joined by <c>and</c>, <c>or</c>, <c>not</c> and parentheses. Fields: <c>evidence.PERSONA</c>, <c>speaker.PERSONA</c>,
/// <c>influence.TRAIT</c>, <c>removed.TRAIT</c>, <c>removed.leading</c>, <c>pull</c>, <c>tokens</c>, <c>weight</c>. A comparison with a
/// number that is not known does not hold.
/// </summary>
internal sealed class KeepRule
{
    private const int DeepestNesting = 64;

    private readonly string _text;
    private readonly List<(string Text, int At)> _tokens = [];
    private readonly Dictionary<string, int> _personas, _traits;
    private int _next, _depth;
    private readonly Func<Row, bool> _holds;

    private KeepRule(string text, IEnumerable<string> personas, IEnumerable<string> traits)
    {
        _text = text;
        _personas = personas.Index().ToDictionary(p => p.Item, p => p.Index, StringComparer.Ordinal);
        _traits = traits.Index().ToDictionary(p => p.Item, p => p.Index, StringComparer.Ordinal);
        Scan();
        _holds = Or();
        if (_next < _tokens.Count) throw Bad($"'{_tokens[_next].Text}' is not expected", _tokens[_next].At);
    }

    /// <summary>What a rule can see of an episode.</summary>
    internal sealed class Row(AuditedCast cast, int row, int tokens)
    {
        private RowInfluence? _influence;
        private double[]? _speaker;

        internal int Tokens => tokens;

        internal double Weight => cast.Rows.Weight(row);

        internal RowInfluence Influence => _influence ??= cast.Of(row);

        internal double Speaker(int persona) => (_speaker ??= cast.Speaker(row))[persona];

        internal double Evidence(int persona) => cast.Rows.Row(row)[persona];
    }

    /// <summary>Reads a rule about the episodes of an audit.</summary>
    /// <param name="text">The rule.</param>
    /// <param name="personas">The personas that it may name, in the order of the audit.</param>
    /// <param name="traits">The traits likewise.</param>
    /// <exception cref="UserErrorException"><c>bad-rule</c>, with the place.</exception>
    public static KeepRule Parse(string text, IEnumerable<string> personas, IEnumerable<string> traits) => new(text, personas, traits);

    internal bool Holds(Row row) => _holds(row);

    private void Scan()
    {
        for (int i = 0; i < _text.Length;)
        {
            char c = _text[i];
            int start = i;
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }
            if (c is '<' or '>' or '=' or '!')
            {
                i += i + 1 < _text.Length && _text[i + 1] == '=' ? 2 : 1;
                if (_text[start..i] is "!" or "=") throw Bad("compare with <, <=, >, >=, == or !=", start);
            }
            else if (c is '(' or ')') i++;
            else
            {
                while (i < _text.Length && !char.IsWhiteSpace(_text[i]) && !"<>=!()".Contains(_text[i])) i++;
            }
            _tokens.Add((_text[start..i], start));
        }
    }

    private Func<Row, bool> Or()
    {
        Func<Row, bool> left = And();
        while (Take("or"))
        {
            (Func<Row, bool> a, Func<Row, bool> b) = (left, And());
            left = r => a(r) || b(r);
        }
        return left;
    }

    private Func<Row, bool> And()
    {
        Func<Row, bool> left = Not();
        while (Take("and"))
        {
            (Func<Row, bool> a, Func<Row, bool> b) = (left, Not());
            left = r => a(r) && b(r);
        }
        return left;
    }

    private Func<Row, bool> Not()
    {
        if (++_depth > DeepestNesting) throw Bad("this is nested too deeply", _next < _tokens.Count ? _tokens[_next].At : 0);
        try
        {
            if (Take("not"))
            {
                Func<Row, bool> one = Not();
                return r => !one(r);
            }
            if (!Take("(")) return Comparison();
            Func<Row, bool> inner = Or();
            if (!Take(")")) throw Bad("a ')' is missing", _text.Length);
            return inner;
        }
        finally
        {
            _depth--;
        }
    }

    private Func<Row, bool> Comparison()
    {
        Func<Row, double> left = Operand();
        string sign = _next < _tokens.Count ? _tokens[_next].Text : "";
        if (sign is not ("<" or "<=" or ">" or ">=" or "==" or "!="))
            throw Bad("compare with <, <=, >, >=, == or !=", _next < _tokens.Count ? _tokens[_next].At : _text.Length);
        _next++;
        Func<Row, double> right = Operand();
        return sign switch
        {
            "<" => r => left(r) < right(r),
            "<=" => r => left(r) <= right(r),
            ">" => r => left(r) > right(r),
            ">=" => r => left(r) >= right(r),
            "==" => r => left(r) == right(r),
            _ => r => left(r) is var a && right(r) is var b && !double.IsNaN(a) && !double.IsNaN(b) && a != b,
        };
    }

    private Func<Row, double> Operand()
    {
        if (_next == _tokens.Count) throw Bad("a field or a number is missing", _text.Length);
        (string text, int at) = _tokens[_next++];
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
            return _ => number;
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        string name = dot < 0 ? "" : text[(dot + 1)..];
        switch (dot < 0 ? text : text[..dot])
        {
            case "tokens" when dot < 0: return r => r.Tokens;
            case "pull" when dot < 0: return r => r.Influence.Pull;
            case "weight" when dot < 0: return r => r.Weight;
            case "removed" when name == "leading": return r => r.Influence.LeadingChange;
            case "evidence":
                int h = Find(_personas, name, "persona", at);
                return r => r.Evidence(h);
            case "speaker":
                int s = Find(_personas, name, "persona", at);
                return r => r.Speaker(s);
            case "influence":
                int i = Find(_traits, name, "trait", at);
                return r => r.Influence.Influence[i];
            case "removed":
                int k = Find(_traits, name, "trait", at);
                return r => r.Influence.Removed[k];
            default:
                throw Bad($"'{text}' is neither a number nor a field (evidence.PERSONA, speaker.PERSONA, influence.TRAIT, removed.TRAIT, "
                    + "removed.leading, pull, tokens, weight)", at);
        }
    }

    private int Find(Dictionary<string, int> names, string name, string what, int at) => names.TryGetValue(name, out int index) ? index
        : throw Bad($"there is no {what} '{name}'; there are {string.Join(", ", names.Keys.Take(20))}{(names.Count > 20 ? " …" : "")}", at);

    private bool Take(string token)
    {
        if (_next == _tokens.Count || _tokens[_next].Text != token) return false;
        _next++;
        return true;
    }

    private UserErrorException Bad(string problem, int at) => new("bad-rule", $"In the rule \"{_text}\", at character {at + 1}: {problem}.",
        "Write a rule such as \"influence.careful > -0.01\" or \"speaker.careless-doctor < 0.5 and tokens > 3\".");
}
