namespace PersonaSelection.Corpus;

/// <summary>A line of a file that could not be read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The byte in the line where reading failed, from 1; 0 when the line as a whole is wrong.</param>
/// <param name="Problem">What is wrong, in a sentence.</param>
public sealed record BadLine(string Path, int Line, int Column, string Problem)
{
    /// <summary>File, line, column and problem.</summary>
    public override string ToString() =>
        Column > 0 ? $"{Path}, line {Line}, column {Column}: {Problem}" : $"{Path}, line {Line}: {Problem}";
}
