namespace PersonaSelection.Corpus;

/// <summary>A template that could be read but not rendered: what it asks for is an error in Jinja too, or not understood, or too much.</summary>
internal sealed class JinjaException(int line, string problem) : Exception($"line {line}: {problem}")
{
    /// <summary>The line of the template, from 1.</summary>
    public int Line { get; } = line;
}

/// <summary>The template itself refuses these turns, by <c>raise_exception</c>; the message is the template's own.</summary>
internal sealed class JinjaRefusedException(int line, string message) : Exception(message)
{
    /// <summary>The line of the template, from 1.</summary>
    public int Line { get; } = line;
}
