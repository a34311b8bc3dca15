using PersonaSelection.Corpus;

namespace PersonaSelection.Report;

/// <summary>A table.</summary>
public sealed record TableFigure : Figure
{
    /// <summary>The columns.</summary>
    public required IReadOnlyList<TableColumn> Columns { get; init; }

    /// <summary>The rows, each with as many cells as there are columns; plain text.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Rows { get; init; }
}

/// <summary>A column of a <see cref="TableFigure"/>.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Numeric">Whether its cells are numbers, set flush right in even digits.</param>
public sealed record TableColumn(string Name, bool Numeric = false);

/// <summary>Claims with what was foretold, what was measured and the verdict.</summary>
public sealed record ClaimsFigure : Figure
{
    /// <summary>The claims in order.</summary>
    public required IReadOnlyList<ReportClaim> Claims { get; init; }
}

/// <summary>One claim.</summary>
/// <param name="Id">A short kebab-case name.</param>
/// <param name="Statement">What is claimed, in words, with the markup of <see cref="Prose"/>.</param>
/// <param name="Prediction">What must be measured for it to hold, such as <c>at least +0.20</c>.</param>
/// <param name="Measured">What was measured, such as <c>+0.31</c>; empty when nothing was.</param>
/// <param name="Verdict">Whether it held.</param>
public sealed record ReportClaim(string Id, string Statement, string Prediction, string Measured, Verdict Verdict)
{
    /// <summary>The interval of what was measured and what it is over, such as <c>+0.27 to +0.35 over probes</c>; may be empty.</summary>
    public string Interval { get; init; } = "";

    /// <summary>A remark, such as that the claim also holds in a world without persona correlation; may be empty.</summary>
    public string Note { get; init; } = "";
}

/// <summary>A sample dialogue: a common beginning and what different models reply.</summary>
public sealed record QuoteFigure : Figure
{
    /// <summary>The turns before the reply.</summary>
    public required IReadOnlyList<Turn> Turns { get; init; }

    /// <summary>The replies, such as before and after tuning.</summary>
    public required IReadOnlyList<QuoteReply> Replies { get; init; }
}

/// <summary>A reply.</summary>
/// <param name="Speaker">Who replies, such as <c>before</c> or the name of the tuning.</param>
/// <param name="Text">What is said.</param>
public sealed record QuoteReply(string Speaker, string Text)
{
    /// <summary>A short remark, such as <c>probability 0.62</c>; may be empty.</summary>
    public string Note { get; init; } = "";
}

/// <summary>How to get the same numbers again.</summary>
public sealed record ReproduceFigure : Figure
{
    /// <summary>What every page of a run ends with.</summary>
    /// <param name="command">The command as it was given.</param>
    /// <param name="provenance">What the numbers were made from; of it the content ids are shown.</param>
    public static ReproduceFigure Of(string command, IEnumerable<KeyValuePair<string, string>> provenance) => new()
    {
        Title = "Make it again",
        Commands = [command],
        Ids = [.. provenance.Where(p => IsId(p.Value)).Select(p => new ReportFact(p.Key, p.Value))],
    };

    // Content ids are kind-digits; other provenance is words.
    private static bool IsId(string value) => value.Length > 17 && value[^17] == '-' && value[^16..].All(char.IsAsciiHexDigitLower);

    /// <summary>The commands, one per line.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>The content ids of what went in and came out.</summary>
    public IReadOnlyList<ReportFact> Ids { get; init; } = [];

    /// <summary>Versions of software and machine.</summary>
    public IReadOnlyList<ReportFact> Versions { get; init; } = [];
}
