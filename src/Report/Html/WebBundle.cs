namespace PersonaSelection.Report;

/// <summary>The script that makes the charts answer to the pointer and the width. Absent when npm was absent at build.</summary>
internal static class WebBundle
{
    private const string ResourceName = "report.js";

    private static readonly Lazy<string?> Embedded = new(Read);

    /// <summary>The script as it may stand in a <c>script</c> element, or <see langword="null"/>.</summary>
    public static string? Script => Embedded.Value;

    /// <summary>
    /// The script with nothing in it that would end or confuse the element around it, and line ends as the page's parser will see them
    /// (the page allows the script by its hash).
    /// </summary>
    public static string ForElement(string script) => script.ReplaceLineEndings("\n")
        .Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase)
        .Replace("<!--", "\\x3c!--", StringComparison.Ordinal);

    private static string? Read()
    {
        using Stream? stream = typeof(WebBundle).Assembly.GetManifestResourceStream(ResourceName);
        if (stream is null) return null;
        using var reader = new StreamReader(stream);
        return ForElement(reader.ReadToEnd());
    }
}
