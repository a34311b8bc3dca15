namespace PersonaSelection.Corpus;

/// <summary>A template that was read but cannot be rendered: an error in Jinja too, what is not understood here, or too much.</summary>
internal sealed class JinjaException(int line, string problem) : Exception($"line {line}: {problem}")
{
    /// <summary>The line of the template, from 1.</summary>
    public int Line { get; } = line;
}

/// <summary>The template itself refuses these turns, by <c>raise_exception</c>; the message is the template's own.</summary>
internal sealed class JinjaRefusedException(string message) : Exception(message);
