namespace PersonaSelection.Corpus;

/// <summary>What stands between the brackets of a call.</summary>
/// <param name="Positional">Arguments by place.</param>
/// <param name="Names">The names of those given by name.</param>
/// <param name="Values">And their values.</param>
/// <param name="Rest"><c>*list</c>: more by place.</param>
/// <param name="Others"><c>**dictionary</c>: more by name.</param>
internal sealed record JinjaGiven(
    JinjaExpression[] Positional, string[] Names, JinjaExpression[] Values, JinjaExpression? Rest = null, JinjaExpression? Others = null)
{
    /// <summary>No arguments.</summary>
    public static JinjaGiven Nothing { get; } = new([], [], []);

    /// <summary>All expressions.</summary>
    public IEnumerable<JinjaExpression?> Parts => [.. Positional, .. Values, Rest, Others];

    /// <summary>The arguments' values.</summary>
    public (object[] Positional, string[] Names, object[] Values) Evaluate(JinjaRun run)
    {
        object[] positional = All(run, Positional);
        string[] names = Names;
        object[] values = All(run, Values);
        if (Rest is not null) positional = [.. positional, .. JinjaValue.Items(run, Rest.Evaluate(run))];
        if (Others is not null)
        {
            if (Others.Evaluate(run) is not JinjaDictionary others) throw run.Error("what stands behind ** is no dictionary");
            run.Step(others.Count);
            names = [.. names, .. others.Entries.Keys.Select(k => k as string ?? throw run.Error("arguments have texts as names"))];
            values = [.. values, .. others.Entries.Values];
        }
        return (positional, names, values);
    }

    private static object[] All(JinjaRun run, JinjaExpression[] expressions) => JinjaExpression.All(run, expressions);
}

/// <summary><c>f(a, name=b)</c>; a method is called without being made a value first.</summary>
internal sealed class JinjaCall(int line, JinjaExpression callee, JinjaGiven given) : JinjaExpression(line, [callee, .. given.Parts])
{
    /// <summary>The call with a block as what its macro knows as <c>caller</c>.</summary>
    public JinjaCall With(JinjaMacroStatement block) => new(Line, callee, given with
    {
        Names = [.. given.Names, JinjaMacro.Caller],
        Values = [.. given.Values, new JinjaBlockValue(Line, block)],
    });

    public override object Evaluate(JinjaRun run)
    {
        run.Step();
        JinjaFunction? method = null;
        object target;
        if (callee is JinjaAttribute attribute)
        {
            target = attribute.Target.Evaluate(run);
            method = JinjaMethods.Find(target, attribute.Name);
            if (method is null) target = JinjaPlaces.Attribute(run, target, attribute.Name);
        }
        else
        {
            target = callee.Evaluate(run);
        }
        (object[] positional, string[] names, object[] values) = given.Evaluate(run);
        if (method is not null) return method.Call(run, target, positional, names, values);
        if (target is IJinjaCallable callable) return callable.Call(run, positional, names, values);
        throw run.Error(target is JinjaUndefined undefined
            ? $"{undefined.What} is called, and is undefined or not understood"
            : $"{JinjaValue.Kind(target)} is called, and is no function");
    }
}

/// <summary><c>value | filter(…)</c></summary>
internal sealed class JinjaFilterCall(int line, JinjaFunction filter, JinjaExpression value, JinjaGiven given)
    : JinjaExpression(line, [value, .. given.Parts])
{
    public override object Evaluate(JinjaRun run)
    {
        object target = value.Evaluate(run);
        (object[] positional, string[] names, object[] values) = given.Evaluate(run);
        return JinjaFilters.Apply(run, filter, target, positional, names, values);
    }
}

/// <summary><c>value is test(…)</c></summary>
internal sealed class JinjaTestCall(int line, JinjaFunction test, JinjaExpression value, JinjaGiven given)
    : JinjaExpression(line, [value, .. given.Parts])
{
    public override object Evaluate(JinjaRun run)
    {
        object target = value.Evaluate(run);
        (object[] positional, string[] names, object[] values) = given.Evaluate(run);
        return test.Call(run, target, positional, names, values);
    }
}

/// <summary>The body of <c>{% call %}</c> as a value.</summary>
internal sealed class JinjaBlockValue(int line, JinjaMacroStatement block) : JinjaExpression(line, block)
{
    public override object Evaluate(JinjaRun run) => new JinjaMacro(block, run.Frame);
}

/// <summary>A macro together with the frame it was defined in.</summary>
internal sealed class JinjaMacro(JinjaMacroStatement definition, JinjaFrame outer) : IJinjaCallable
{
    /// <summary>What a macro calls the block that it is called with.</summary>
    public const string Caller = "caller";

    /// <inheritdoc/>
    public object Call(JinjaRun run, object[] positional, string[] names, object[] values)
    {
        (string name, JinjaParameter[] parameters) = (definition.Name, definition.Parameters);
        if (positional.Length > parameters.Length) throw run.Error($"{name} takes at most {parameters.Length} arguments");
        JinjaFrame frame = run.Open(definition.Plan, outer);
        for (int i = 0; i < positional.Length; i++) frame.Slots[definition.Slots[i]] = positional[i];
        for (int i = 0; i < names.Length; i++)
        {
            int at = Array.FindIndex(parameters, p => p.Name == names[i]);
            if (at < 0 && names[i] == Caller && definition.CallerSlot is { } slot)
            {
                frame.Slots[slot] = values[i];
                continue;
            }
            if (at < positional.Length) throw run.Error($"{name} takes no further argument '{names[i]}'");
            frame.Slots[definition.Slots[at]] = values[i];
        }
        if (definition.CallerSlot is { } hidden) frame.Slots[hidden] ??= new JinjaUndefined($"'{Caller}'");
        JinjaFrame calling = run.Frame;
        run.Frame = frame;
        for (int i = 0; i < parameters.Length; i++)
        {
            // A parameter that is not given hides what is of its name outside.
            frame.Slots[definition.Slots[i]] ??= new JinjaUndefined($"'{parameters[i].Name}'");
            if (frame.Slots[definition.Slots[i]] is JinjaUndefined && !IsGiven(i) && parameters[i].Default is { } fallback)
                frame.Slots[definition.Slots[i]] = fallback.Evaluate(run);
        }
        run.Frame = calling;
        return run.Call(definition.Body, frame);

        bool IsGiven(int i) => i < positional.Length || names.Contains(parameters[i].Name);
    }
}
