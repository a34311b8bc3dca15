namespace PersonaSelection.Corpus;

/// <summary>Statements one after the other.</summary>
internal sealed class JinjaBlock(int line, JinjaStatement[] statements) : JinjaStatement(line, statements)
{
    public override JinjaFlow Execute(JinjaRun run)
    {
        foreach (JinjaStatement statement in statements)
        {
            run.Step();
            run.Line = statement.Line;
            JinjaFlow flow = statement.Execute(run);
            if (flow != JinjaFlow.Next) return flow;
        }
        return JinjaFlow.Next;
    }
}

/// <summary>Text between tags.</summary>
internal sealed class JinjaData(int line, string text) : JinjaStatement(line)
{
    public override JinjaFlow Execute(JinjaRun run)
    {
        run.Write(text);
        return JinjaFlow.Next;
    }
}

/// <summary><c>{{ value }}</c></summary>
internal sealed class JinjaOutput(int line, JinjaExpression value) : JinjaStatement(line, value)
{
    public override JinjaFlow Execute(JinjaRun run)
    {
        run.Write(JinjaPrint.Text(run, value.Evaluate(run)));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% if %}</c> with any number of <c>elif</c>.</summary>
internal sealed class JinjaIf(int line, (JinjaExpression Condition, JinjaBlock Body)[] branches, JinjaBlock? otherwise)
    : JinjaStatement(line, [.. branches.Select(b => b.Condition), .. branches.Select(b => b.Body), otherwise])
{
    public override JinjaFlow Execute(JinjaRun run)
    {
        foreach ((JinjaExpression condition, JinjaBlock body) in branches)
        {
            run.Step();
            run.Line = condition.Line;
            if (JinjaValue.IsTrue(condition.Evaluate(run))) return body.Execute(run);
        }
        return otherwise?.Execute(run) ?? JinjaFlow.Next;
    }
}

/// <summary><c>{% break %}</c> or <c>{% continue %}</c></summary>
internal sealed class JinjaJump(int line, JinjaFlow flow) : JinjaStatement(line)
{
    public override JinjaFlow Execute(JinjaRun run) => flow;
}

/// <summary>What is assigned to: a name, several, or an attribute of a namespace.</summary>
internal abstract record JinjaTarget
{
    /// <summary>Assigns.</summary>
    public abstract void Assign(JinjaRun run, object value);

    /// <summary>A name of the scope that runs.</summary>
    internal sealed record Name(string Text, int Slot) : JinjaTarget
    {
        public override void Assign(JinjaRun run, object value) => run.Frame.Slots[Slot] = value;
    }

    /// <summary><c>a, b</c></summary>
    internal sealed record Several(JinjaTarget[] Targets) : JinjaTarget
    {
        public override void Assign(JinjaRun run, object value)
        {
            object[] values = JinjaValue.Items(run, value);
            if (values.Length != Targets.Length) throw run.Error($"{values.Length} values are unpacked into {Targets.Length} names");
            for (int i = 0; i < values.Length; i++) Targets[i].Assign(run, values[i]);
        }
    }

    /// <summary><c>space.attribute</c></summary>
    internal sealed record Attribute(JinjaName Space, string Key) : JinjaTarget
    {
        public override void Assign(JinjaRun run, object value)
        {
            if (Space.Evaluate(run) is not JinjaNamespace space)
                throw run.Error($"'{Space.Name}' is no namespace; its attributes cannot be set");
            space.Attributes[Key] = value;
        }
    }
}

/// <summary><c>{% set target = value %}</c></summary>
internal sealed class JinjaSet(int line, JinjaTarget target, JinjaExpression value) : JinjaStatement(line, value)
{
    /// <summary>The value, seen from where the statement stands.</summary>
    public object Value(JinjaRun run) => value.Evaluate(run);

    /// <summary>Assigns a value to the target.</summary>
    public void Assign(JinjaRun run, object assigned) => target.Assign(run, assigned);

    public override JinjaFlow Execute(JinjaRun run)
    {
        Assign(run, Value(run));
        return JinjaFlow.Next;
    }
}

/// <summary>
/// A block with names of its own. What it writes goes through filters, if there are any, and then to the output or, in
/// <c>{% set target %}…{% endset %}</c>, to a name.
/// </summary>
internal sealed class JinjaScoped(
    int line, JinjaScopePlan plan, JinjaSet[] first, JinjaBlock body, JinjaExpression? filters, JinjaTarget? target)
    : JinjaStatement(line, [.. first, body, filters])
{
    public override JinjaFlow Execute(JinjaRun run)
    {
        JinjaFrame outer = run.Frame;
        object[] values = Array.ConvertAll(first, set => set.Value(run));
        run.Frame = run.Open(plan, outer);
        for (int i = 0; i < first.Length; i++) first[i].Assign(run, values[i]);
        JinjaFlow flow;
        if (filters is null && target is null)
        {
            flow = body.Execute(run);
            run.Frame = outer;
            return flow;
        }
        object text = run.Capture(body, out flow);
        run.Frame = outer;
        if (flow != JinjaFlow.Next) return flow;
        if (filters is not null)
        {
            run.Captured = text;
            text = filters.Evaluate(run);
        }
        if (target is null) run.Write(JinjaPrint.Text(run, text));
        else target.Assign(run, text);
        return flow;
    }
}

/// <summary>A parameter of a macro, with the value it has where none is given.</summary>
internal sealed record JinjaParameter(string Name, JinjaExpression? Default);

/// <summary><c>{% macro name(parameters) %}</c>, or the block of a <c>{% call %}</c>, which has no name.</summary>
internal sealed class JinjaMacroStatement(
    int line, string name, int? slot, JinjaParameter[] parameters, JinjaScopePlan plan, JinjaBlock body, int? callerSlot)
    : JinjaStatement(line, [.. parameters.Select(p => p.Default), body])
{
    public string Name { get; } = name;

    public JinjaParameter[] Parameters { get; } = parameters;

    public JinjaScopePlan Plan { get; } = plan;

    public int[] Slots { get; } = [.. parameters.Select(p => plan.Slot(p.Name))];

    public JinjaBlock Body { get; } = body;

    /// <summary>Where the macro finds the block it is called with; null when it does not look.</summary>
    public int? CallerSlot { get; } = callerSlot;

    public override JinjaFlow Execute(JinjaRun run)
    {
        if (slot is { } named) run.Frame.Slots[named] = new JinjaMacro(this, run.Frame);
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% for target in source if condition %}…{% else %}…{% endfor %}</c></summary>
internal sealed class JinjaFor(
    int line, JinjaTarget target, JinjaExpression source, JinjaExpression? condition, JinjaScopePlan plan, JinjaBlock body,
    JinjaScoped? otherwise) : JinjaStatement(line, source, condition, body, otherwise)
{
    /// <summary>The name of the loop within its body.</summary>
    public const string Self = "loop";

    private readonly int _self = plan.Slot(Self);

    public override JinjaFlow Execute(JinjaRun run)
    {
        object[] items = JinjaValue.Items(run, source.Evaluate(run));
        JinjaFrame outer = run.Frame;
        JinjaFrame frame = run.Open(plan, outer);
        var loop = new JinjaLoop(run, items, condition is null ? null : Passes);
        bool whole = false;
        run.Frame = frame;
        while (loop.MoveNext())
        {
            run.Step(1 + (frame.Slots.Length >> 4));
            Array.Clear(frame.Slots);
            frame.Slots[_self] = loop;
            target.Assign(run, loop.Current);
            JinjaFlow flow = body.Execute(run);
            if (flow == JinjaFlow.Break) break;
            // As in Jinja, where a round that was left early does not count against 'else'.
            whole |= flow == JinjaFlow.Next;
        }
        run.Frame = outer;
        return whole || otherwise is null ? JinjaFlow.Next : otherwise.Execute(run);

        bool Passes(object item)
        {
            JinjaFrame kept = run.Frame;
            run.Frame = run.Open(plan, outer);
            target.Assign(run, item);
            bool passes = JinjaValue.IsTrue(condition!.Evaluate(run));
            run.Frame = kept;
            return passes;
        }
    }
}
