namespace PersonaSelection.Corpus;

/// <summary>A value that is written out.</summary>
internal sealed class JinjaLiteral(int line, object value) : JinjaExpression(line)
{
    public object Value { get; } = value;

    public override object Evaluate(JinjaRun run) => Value;
}

/// <summary>The text of the block whose filters are being applied.</summary>
internal sealed class JinjaCaptured(int line) : JinjaExpression(line)
{
    public override object Evaluate(JinjaRun run) => run.Captured;
}

/// <summary>A name. Scopes that may hold its value are known once the whole template was read.</summary>
internal sealed class JinjaName(int line, string name, JinjaScopePlan scope) : JinjaExpression(line)
{
    private readonly JinjaUndefined _undefined = new($"'{name}'");
    private (int Hops, int Slot)[] _places = [];

    public string Name { get; } = name;

    /// <summary>Finds the scopes that assign the name; the outermost holds what is given from outside.</summary>
    public void Resolve()
    {
        var places = new List<(int Hops, int Slot)>();
        int hops = 0;
        bool hidden = false;
        for (JinjaScopePlan? plan = scope; plan is not null && !hidden; plan = plan.Outer)
        {
            if (plan.Outer is null) plan.Slot(Name);
            if (plan.Slots.TryGetValue(Name, out int slot))
            {
                places.Add((hops, slot));
                hops = 0;
                hidden = plan.Hides(Name);
            }
            hops++;
        }
        _places = [.. places];
    }

    public override object Evaluate(JinjaRun run)
    {
        JinjaFrame frame = run.Frame;
        foreach ((int hops, int slot) in _places)
        {
            for (int i = 0; i < hops; i++) frame = frame.Outer!;
            if (frame.Slots[slot] is { } value) return value;
        }
        return _undefined;
    }
}

/// <summary><c>[a, b]</c> or <c>(a, b)</c></summary>
internal sealed class JinjaRowOf(int line, JinjaExpression[] items, JinjaRow kind) : JinjaExpression(line, items)
{
    public JinjaExpression[] Items { get; } = items;

    public JinjaRow Kind { get; } = kind;

    public override object Evaluate(JinjaRun run) => new JinjaList(All(run, Items), Kind);
}

/// <summary><c>{key: value}</c></summary>
internal sealed class JinjaDictionaryOf(int line, JinjaExpression[] keys, JinjaExpression[] values)
    : JinjaExpression(line, [.. keys, .. values])
{
    public override object Evaluate(JinjaRun run)
    {
        var made = new JinjaDictionary(keys.Length);
        run.Step(keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            object key = keys[i].Evaluate(run);
            if (!JinjaDictionary.IsKey(key)) throw run.Error($"{JinjaValue.Kind(key)} cannot be a key");
            made.Set(key, values[i].Evaluate(run));
        }
        return made;
    }
}

/// <summary><c>a if condition else b</c>; without <c>else</c> undefined.</summary>
internal sealed class JinjaChoice(int line, JinjaExpression condition, JinjaExpression yes, JinjaExpression? no)
    : JinjaExpression(line, condition, yes, no)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        if (JinjaValue.IsTrue(condition.Evaluate(run))) return yes.Evaluate(run);
        return no?.Evaluate(run) ?? new JinjaUndefined("what an 'if' without 'else' gives");
    }
}

/// <summary><c>a and b</c>, <c>a or b</c>: the operand that decides, as in Python.</summary>
internal sealed class JinjaLogic(int line, bool and, JinjaExpression left, JinjaExpression right) : JinjaExpression(line, left, right)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        object value = left.Evaluate(run);
        return JinjaValue.IsTrue(value) == and ? right.Evaluate(run) : value;
    }
}

/// <summary><c>not a</c></summary>
internal sealed class JinjaNot(int line, JinjaExpression operand) : JinjaExpression(line, operand)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        return JinjaValue.Of(!JinjaValue.IsTrue(operand.Evaluate(run)));
    }
}

/// <summary><c>a.name</c></summary>
internal sealed class JinjaAttribute(int line, JinjaExpression target, string name) : JinjaExpression(line, target)
{
    public JinjaExpression Target { get; } = target;

    public string Name { get; } = name;

    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        return JinjaPlaces.Attribute(run, Target.Evaluate(run), Name);
    }
}

/// <summary><c>a[key]</c></summary>
internal sealed class JinjaItem(int line, JinjaExpression target, JinjaExpression key) : JinjaExpression(line, target, key)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        return JinjaPlaces.Item(run, target.Evaluate(run), key.Evaluate(run));
    }
}

/// <summary><c>a[start:stop:step]</c></summary>
internal sealed class JinjaSlice(int line, JinjaExpression target, JinjaExpression start, JinjaExpression stop, JinjaExpression step)
    : JinjaExpression(line, target, start, stop, step)
{
    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        return JinjaPlaces.Slice(run, target.Evaluate(run), start.Evaluate(run), stop.Evaluate(run), step.Evaluate(run));
    }
}
