namespace PersonaSelection.Lab;

/// <summary>
/// Something the user can mend. The doors print it as one paragraph (what, where, what to do), never a stack trace, and exit with code 2.
/// </summary>
/// <param name="code">A short kebab-case code with a section in <c>docs/errors.md</c>, such as <c>corrupt-checkpoint</c>.</param>
/// <param name="problem">What is wrong and where: file, line and column where there are any.</param>
/// <param name="remedy">What to do about it.</param>
/// <param name="inner">The failure underneath, if any.</param>
public sealed class UserErrorException(string code, string problem, string remedy, Exception? inner = null)
    : Exception($"{problem} {remedy}", inner)
{
    /// <summary>The code, with a section in <c>docs/errors.md</c>.</summary>
    public string Code { get; } = code;

    /// <summary>What is wrong and where.</summary>
    public string Problem { get; } = problem;

    /// <summary>What to do about it.</summary>
    public string Remedy { get; } = remedy;
}
