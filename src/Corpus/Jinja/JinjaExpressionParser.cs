namespace PersonaSelection.Corpus;

/// <summary>
/// Reads expressions. What binds least comes first: if else, or, and, not, comparisons, + -, ~, * / // %, **, signs, and what follows
/// a value.
/// </summary>
internal sealed partial class JinjaExpressionParser(JinjaTokens tokens, JinjaScopePlan scope, List<JinjaName> names)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>Whether a word is a constant and no name.</summary>
    public static bool IsConstant(string word) => word is "true" or "True" or "false" or "False" or "none" or "None";

    /// <summary>An expression, or several with commas between them, which are a tuple.</summary>
    /// <param name="choices">Whether <c>if</c> belongs to it.</param>
    /// <param name="end">A word that ends it.</param>
    /// <param name="empty">Whether it may be nothing.</param>
    public JinjaExpression Tuple(bool choices = true, string? end = null, bool empty = false)
    {
        int line = tokens.Current.Line;
        var items = new List<JinjaExpression>();
        bool isTuple = false;
        while (!IsEnd())
        {
            items.Add(choices ? Expression() : Or());
            if (!tokens.Skip(",")) break;
            isTuple = true;
        }
        if (!isTuple && items.Count == 1) return items[0];
        if (!isTuple && !empty) throw tokens.Fail(tokens.Current, $"{tokens.Current} where an expression is expected");
        return new JinjaRowOf(line, [.. items], JinjaRow.Tuple);

        bool IsEnd() => tokens.Current.Kind is JinjaTokenKind.OutputEnd or JinjaTokenKind.BlockEnd || tokens.Current.Is(")")
            || (end is not null && tokens.Current.Is(end));
    }

    /// <summary>An expression.</summary>
    public JinjaExpression Expression()
    {
        using (tokens.Nest())
        {
            JinjaExpression value = Or();
            while (tokens.Current is var word && tokens.Skip("if"))
            {
                JinjaExpression condition = Or();
                value = new JinjaChoice(word.Line, condition, value, tokens.Skip("else") ? Expression() : null);
            }
            return value;
        }
    }

    /// <summary>The name of a filter and its arguments.</summary>
    public JinjaExpression Filter(JinjaExpression value)
    {
        JinjaToken name = tokens.Expect(JinjaTokenKind.Name);
        JinjaFunction filter = JinjaFilters.Find(name.Text) ?? throw tokens.Fail(name, $"the filter {name} is not understood here");
        return new JinjaFilterCall(name.Line, filter, value, tokens.Current.Is("(") ? Arguments() : JinjaGiven.Nothing);
    }

    private JinjaExpression Or()
    {
        JinjaExpression left = And();
        while (tokens.Current is var word && tokens.Skip("or")) left = new JinjaLogic(word.Line, and: false, left, And());
        return left;
    }

    private JinjaExpression And()
    {
        JinjaExpression left = Not();
        while (tokens.Current is var word && tokens.Skip("and")) left = new JinjaLogic(word.Line, and: true, left, Not());
        return left;
    }

    private JinjaExpression Not()
    {
        JinjaToken word = tokens.Current;
        if (!word.Is("not") || tokens.Following.Is("in")) return Comparison();
        tokens.Take();
        using (tokens.Nest()) return new JinjaNot(word.Line, Not());
    }

    private JinjaExpression Comparison()
    {
        JinjaExpression first = Sum();
        var others = new List<(string, JinjaExpression)>();
        while (true)
        {
            JinjaToken sign = tokens.Current;
            if (sign.Kind == JinjaTokenKind.Sign && Comparisons.Contains(sign.Text)) tokens.Take();
            else if (sign.Is("not") && tokens.Following.Is("in")) tokens.Take();
            else if (!sign.Is("in")) break;
            if (sign.Kind == JinjaTokenKind.Name) tokens.Expect("in");
            others.Add((sign.Text == "not" ? "not in" : sign.Text, Sum()));
        }
        return others.Count == 0 ? first : new JinjaComparison(first.Line, first, [.. others]);
    }

    private JinjaExpression Sum() => Chain(Concat, "+", "-");

    private JinjaExpression Concat()
    {
        JinjaExpression first = Product();
        if (!tokens.Current.Is("~")) return first;
        var parts = new List<JinjaExpression> { first };
        while (tokens.Skip("~")) parts.Add(Product());
        return new JinjaConcat(first.Line, [.. parts]);
    }

    private JinjaExpression Product() => Chain(Power, "*", "/", "//", "%");

    private JinjaExpression Power() => Chain(() => Signed(filters: true), "**");

    private JinjaExpression Chain(Func<JinjaExpression> operand, params string[] signs)
    {
        JinjaExpression left = operand();
        while (tokens.Current is { Kind: JinjaTokenKind.Sign } sign && signs.Contains(sign.Text))
        {
            tokens.Take();
            left = new JinjaArithmetic(sign.Line, sign.Text, left, operand());
        }
        return left;
    }

    private JinjaExpression Signed(bool filters)
    {
        JinjaToken sign = tokens.Current;
        JinjaExpression value;
        if (sign.Is("-") || sign.Is("+"))
        {
            tokens.Take();
            using (tokens.Nest()) value = new JinjaSigned(sign.Line, sign.Text == "-", Signed(filters: false));
        }
        else
        {
            value = Primary();
        }
        value = Postfix(value);
        while (filters)
        {
            if (tokens.Skip("|")) value = Filter(value);
            else if (tokens.Current.Is("is")) value = Test(value);
            else if (tokens.Current.Is("(")) value = new JinjaCall(tokens.Current.Line, value, Arguments());
            else break;
        }
        return value;
    }

    private JinjaExpression Postfix(JinjaExpression value)
    {
        while (true)
        {
            JinjaToken sign = tokens.Current;
            if (sign.Is("("))
            {
                value = new JinjaCall(sign.Line, value, Arguments());
            }
            else if (tokens.Skip("["))
            {
                value = Subscript(sign.Line, value);
                tokens.Expect("]");
            }
            else if (tokens.Skip("."))
            {
                value = tokens.Current.Kind == JinjaTokenKind.Whole
                    ? new JinjaItem(sign.Line, value, new JinjaLiteral(sign.Line, tokens.Take().Value!))
                    : new JinjaAttribute(sign.Line, value, tokens.Expect(JinjaTokenKind.Name).Text);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression Subscript(int line, JinjaExpression value)
    {
        if (tokens.Current.Is("]")) throw tokens.Fail(tokens.Current, "an empty index");
        JinjaExpression start = Bound();
        if (!tokens.Skip(":")) return new JinjaItem(line, value, start);
        JinjaExpression stop = Bound();
        return new JinjaSlice(line, value, start, stop, tokens.Skip(":") ? Bound() : new JinjaLiteral(line, JinjaNone.Value));

        JinjaExpression Bound() =>
            tokens.Current.Is(":") || tokens.Current.Is("]") ? new JinjaLiteral(line, JinjaNone.Value) : Expression();
    }

    private JinjaExpression Test(JinjaExpression value)
    {
        JinjaToken word = tokens.Take();
        bool negated = tokens.Skip("not");
        JinjaToken name = tokens.Expect(JinjaTokenKind.Name);
        JinjaFunction test = JinjaTests.Find(name.Text) ?? throw tokens.Fail(name, $"the test {name} is not understood here");
        JinjaGiven given = JinjaGiven.Nothing;
        if (tokens.Current.Is("(")) given = Arguments();
        else if (BeginsArgument(tokens.Current)) given = new JinjaGiven([Postfix(Primary())], [], []);
        JinjaExpression call = new JinjaTestCall(name.Line, test, value, given);
        return negated ? new JinjaNot(word.Line, call) : call;
    }

    /// <summary>A test takes one argument without brackets.</summary>
    private bool BeginsArgument(JinjaToken token)
    {
        if (token.Is("is")) throw tokens.Fail(token, "tests cannot follow each other");
        return token.Kind switch
        {
            JinjaTokenKind.Name => token.Text is not ("else" or "or" or "and"),
            JinjaTokenKind.Text or JinjaTokenKind.Whole or JinjaTokenKind.Real => true,
            _ => token.Is("[") || token.Is("{"),
        };
    }
}
