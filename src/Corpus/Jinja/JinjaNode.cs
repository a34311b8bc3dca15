namespace PersonaSelection.Corpus;

/// <summary>A part of a template that was understood.</summary>
internal abstract class JinjaNode
{
    /// <summary>The most that parts may be nested in each other, which bounds the stack of a rendering. Python has a like limit.</summary>
    public const int Deepest = 200;

    private readonly int _depth;

    /// <param name="line">The line where it begins.</param>
    /// <param name="parts">The parts it is made of.</param>
    /// <exception cref="FormatException">Nested too deeply.</exception>
    protected JinjaNode(int line, params ReadOnlySpan<JinjaNode?> parts)
    {
        Line = line;
        foreach (JinjaNode? part in parts)
            if (part is not null) _depth = Math.Max(_depth, part._depth);
        if (++_depth > Deepest) throw new FormatException($"line {line}: nested more than {Deepest} deep");
    }

    /// <summary>The line where it begins.</summary>
    public int Line { get; }
}

/// <summary>What has a value.</summary>
internal abstract class JinjaExpression(int line, params ReadOnlySpan<JinjaNode?> parts) : JinjaNode(line, parts)
{
    /// <summary>The value; what makes it counts as a step.</summary>
    public abstract object Evaluate(JinjaRun run);

    /// <summary>The values of several expressions.</summary>
    public static object[] All(JinjaRun run, JinjaExpression[] expressions)
    {
        if (expressions.Length == 0) return [];
        run.Step(expressions.Length);
        var values = new object[expressions.Length];
        for (int i = 0; i < values.Length; i++) values[i] = expressions[i].Evaluate(run);
        return values;
    }
}

/// <summary>What comes after a statement.</summary>
internal enum JinjaFlow
{
    /// <summary>The next one.</summary>
    Next,

    /// <summary>The next round of the loop.</summary>
    Continue,

    /// <summary>The end of the loop.</summary>
    Break,
}

/// <summary>What does something.</summary>
internal abstract class JinjaStatement(int line, params ReadOnlySpan<JinjaNode?> parts) : JinjaNode(line, parts)
{
    /// <summary>Does it.</summary>
    public abstract JinjaFlow Execute(JinjaRun run);
}
