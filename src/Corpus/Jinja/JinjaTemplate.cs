namespace PersonaSelection.Corpus;

/// <summary>
/// A template in the language of Jinja2, as <c>tokenizer_config.json</c> carries it, rendered as <c>apply_chat_template</c> of transformers
/// does: blocks trimmed, an immutable sandbox, undefined names lenient. Read once, rendered often, by any number of threads.
/// </summary>
internal sealed class JinjaTemplate
{
    /// <summary>The longest source, in characters.</summary>
    public const int LongestSource = 1 << 20;

    private readonly JinjaBlock _body;
    private readonly JinjaScopePlan _names;

    private JinjaTemplate(JinjaBlock body, JinjaScopePlan names) => (_body, _names) = (body, names);

    /// <summary>Reads a template.</summary>
    /// <param name="source">The template.</param>
    /// <exception cref="FormatException">It is no template, or uses what is not understood here; the message names the line.</exception>
    public static JinjaTemplate Parse(string source)
    {
        if (source.Length > LongestSource)
            throw new FormatException($"line 1: a template of {source.Length} characters; the most is {LongestSource}");
        var parser = new JinjaParser(new JinjaLexer(source).Read());
        JinjaBlock body = parser.Template();
        return new JinjaTemplate(body, parser.Names);
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">Strings, bools, ints, longs, doubles, nulls, and lists and dictionaries of these. A name that is not here is
    /// undefined, which is not the same as null.</param>
    /// <param name="time">What <c>strftime_now</c> reads.</param>
    /// <exception cref="JinjaException">An error while rendering, or a limit.</exception>
    /// <exception cref="JinjaRefusedException">The template refuses: it called <c>raise_exception</c>.</exception>
    public string Render(IReadOnlyDictionary<string, object?> variables, TimeProvider time)
    {
        var frame = new JinjaFrame(_names, null);
        foreach ((string name, int slot) in _names.Slots)
        {
            if (_names.Hides(name)) continue;
            frame.Slots[slot] = variables.TryGetValue(name, out object? value)
                ? JinjaValue.From(value)
                : JinjaGlobals.Find(name);
        }
        var run = new JinjaRun(frame, time);
        _body.Execute(run);
        return run.Output.ToString();
    }
}
