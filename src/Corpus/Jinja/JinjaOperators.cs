namespace PersonaSelection.Corpus;

/// <summary><c>a + b</c> and the other operators of numbers, texts and lists.</summary>
internal sealed class JinjaArithmetic(int line, string sign, JinjaExpression left, JinjaExpression right)
    : JinjaExpression(line, left, right)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        object a = left.Evaluate(run), b = right.Evaluate(run);
        switch (sign, a, b)
        {
            case ("+", string x, string y):
                run.Make(x.Length + y.Length);
                return x + y;
            case ("+", JinjaList { IsSequence: true } x, JinjaList { IsSequence: true } y)
                when x.Kind == y.Kind && x.Kind != JinjaRow.Range:
                run.Step(x.Items.Length + y.Items.Length);
                return new JinjaList([.. x.Items, .. y.Items], x.Kind);
            case ("*", string or JinjaList, _) when JinjaNumber.Whole(b) is { } times: return Repeat(run, a, times);
            case ("*", _, string or JinjaList) when JinjaNumber.Whole(a) is { } times: return Repeat(run, b, times);
            case ("%", string, _): throw run.Error("text % values is not understood");
            case (_, JinjaMarkup, _) or (_, _, JinjaMarkup):
                throw run.Error($"{sign} with a text that is marked safe is not understood: mark it at the end, or join with ~");
            default: return JinjaNumber.Apply(run, sign, a, b);
        }
    }

    private static object Repeat(JinjaRun run, object value, long times)
    {
        times = Math.Max(0, times);
        if (value is string text)
        {
            run.Make((long)Int128.Min((Int128)text.Length * times, JinjaRun.MostCharacters + 1));
            return string.Concat(Enumerable.Repeat(text, text.Length == 0 ? 0 : (int)times));
        }
        if (value is not JinjaList { Kind: JinjaRow.List or JinjaRow.Tuple } list)
            throw run.Error($"{JinjaValue.Kind(value)} cannot be repeated");
        run.Step((long)Int128.Min((Int128)list.Items.Length * times, JinjaRun.MostSteps + 1));
        return new JinjaList(list.Items.Length == 0 ? [] : [.. Enumerable.Repeat(list.Items, (int)times).SelectMany(i => i)], list.Kind);
    }
}

/// <summary><c>-a</c> or <c>+a</c></summary>
internal sealed class JinjaSigned(int line, bool negative, JinjaExpression operand) : JinjaExpression(line, operand)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        object value = operand.Evaluate(run);
        if (negative) return JinjaNumber.Negate(run, value);
        return value is double ? value : JinjaNumber.Whole(value) ?? throw run.Error($"{JinjaValue.Kind(value)} is no number");
    }
}

/// <summary><c>a ~ b</c>: texts, and what is none printed, one after the other.</summary>
internal sealed class JinjaConcat(int line, JinjaExpression[] parts) : JinjaExpression(line, parts)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step(parts.Length);
        var texts = new string[parts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = JinjaPrint.Text(run, parts[i].Evaluate(run));
            run.Make(texts[i].Length);
        }
        return string.Concat(texts);
    }
}

/// <summary><c>a &lt; b == c in d</c>: every pair must hold, and nothing is evaluated behind one that does not.</summary>
internal sealed class JinjaComparison(int line, JinjaExpression first, (string Sign, JinjaExpression Operand)[] others)
    : JinjaExpression(line, [first, .. others.Select(o => o.Operand)])
{
    public override object Evaluate(JinjaRun run)
    {
        object left = first.Evaluate(run);
        foreach ((string sign, JinjaExpression operand) in others)
        {
            run.Step();
            object right = operand.Evaluate(run);
            if (!Holds(run, sign, left, right)) return JinjaValue.False;
            left = right;
        }
        return JinjaValue.True;
    }

    private static bool Holds(JinjaRun run, string sign, object left, object right) => sign switch
    {
        "==" => JinjaValue.AreEqual(run, left, right),
        "!=" => !JinjaValue.AreEqual(run, left, right),
        "in" => JinjaValue.Contains(run, right, left),
        "not in" => !JinjaValue.Contains(run, right, left),
        "<" => JinjaValue.Compare(run, left, right) < 0,
        "<=" => JinjaValue.Compare(run, left, right) <= 0,
        ">" => JinjaValue.Compare(run, left, right) > 0,
        _ => JinjaValue.Compare(run, left, right) >= 0,
    };
}
