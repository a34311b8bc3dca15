namespace PersonaSelection.Corpus;

/// <summary>What stands between the brackets of a call.</summary>
/// <param name="Positional">Arguments by place.</param>
/// <param name="Names">The names of those given by name.</param>
/// <param name="Values">And their values.</param>
internal sealed record JinjaGiven(JinjaExpression[] Positional, string[] Names, JinjaExpression[] Values)
{
    /// <summary>No arguments.</summary>
    public static JinjaGiven Nothing { get; } = new([], [], []);

    /// <summary>All expressions.</summary>
    public IEnumerable<JinjaExpression> Parts => Positional.Concat(Values);
}

/// <summary><c>f(a, name=b)</c>; a method is called without being made a value first.</summary>
internal sealed class JinjaCall(int line, JinjaExpression callee, JinjaGiven given) : JinjaExpression(line, [callee, .. given.Parts])
{
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
        object[] positional = All(run, given.Positional);
        object[] values = All(run, given.Values);
        if (method is not null) return method.Call(run, target, positional, given.Names, values);
        if (target is IJinjaCallable callable) return callable.Call(run, positional, given.Names, values);
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
        return JinjaFilters.Apply(run, filter, target, All(run, given.Positional), given.Names, All(run, given.Values));
    }
}

/// <summary><c>value is test(…)</c></summary>
internal sealed class JinjaTestCall(int line, JinjaFunction test, JinjaExpression value, JinjaGiven given)
    : JinjaExpression(line, [value, .. given.Parts])
{
    public override object Evaluate(JinjaRun run)
    {
        object target = value.Evaluate(run);
        return test.Call(run, target, All(run, given.Positional), given.Names, All(run, given.Values));
    }
}

/// <summary>A macro together with the frame it was defined in.</summary>
internal sealed class JinjaMacro(JinjaMacroStatement definition, JinjaFrame outer) : IJinjaCallable
{
    /// <inheritdoc/>
    public object Call(JinjaRun run, object[] positional, string[] names, object[] values)
    {
        (string name, string[] parameters) = (definition.Name, definition.Parameters);
        if (positional.Length > parameters.Length) throw run.Error($"{name} takes at most {parameters.Length} arguments");
        JinjaFrame frame = run.Open(definition.Plan, outer);
        for (int i = 0; i < positional.Length; i++) frame.Slots[definition.Slots[i]] = positional[i];
        for (int i = 0; i < names.Length; i++)
        {
            int at = Array.IndexOf(parameters, names[i]);
            if (at < positional.Length) throw run.Error($"{name} takes no further argument '{names[i]}'");
            frame.Slots[definition.Slots[at]] = values[i];
        }
        JinjaFrame caller = run.Frame;
        run.Frame = frame;
        for (int i = 0; i < parameters.Length; i++)
        {
            // A parameter that is not given hides what is of its name outside.
            frame.Slots[definition.Slots[i]] ??= new JinjaUndefined($"'{parameters[i]}'");
            if (frame.Slots[definition.Slots[i]] is JinjaUndefined && !IsGiven(i) && definition.Defaults[i] is { } fallback)
                frame.Slots[definition.Slots[i]] = fallback.Evaluate(run);
        }
        run.Frame = caller;
        return run.Call(definition.Body, frame);

        bool IsGiven(int i) => i < positional.Length || names.Contains(parameters[i]);
    }
}
