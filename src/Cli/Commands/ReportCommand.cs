using System.CommandLine;
using PersonaSelection.Lab;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm report</c>: draws a saved report document again.</summary>
internal static class ReportCommand
{
    private const string DocumentName = "report.json";

    public static Command Create()
    {
        Argument<string> source = new("SOURCE") { Description = $"A report document, or a folder that holds a {DocumentName}." };
        Option<string?> output = new("--output", "-o") { Description = "The page to write; report.html beside the document when absent." };
        Option<string?> markdown = new("--markdown") { Description = "Write the report as Markdown too, to this file." };
        Option<string?> figures = new("--figures") { Description = "Write every chart as an SVG file too, into this folder." };
        Option<bool> json = CommonOptions.Json();
        return new Verb("report", "Draw a saved report again, as one self-contained HTML page.",
            "psm report psm-demo -o report.html --markdown report.md")
        {
            source, output, markdown, figures, json,
        }.Does((parsed, _) =>
        {
            string place = parsed.GetValue(source)!;
            string path = Directory.Exists(place) ? Path.Combine(place, DocumentName) : place;
            ReportDocument document = ReportDocument.Load(path);
            string page = parsed.GetValue(output) ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "report.html");
            string? text = parsed.GetValue(markdown);
            if (new[] { page, text }.OfType<string>().FirstOrDefault(p => FilePlace.Same(p, path)) is { } same)
                throw new UserErrorException("report-in-place", $"{same} is the document that the report is drawn from.",
                    "Choose another file with -o or --markdown.");
            HtmlReport.Write(document, page);
            if (text is not null) MarkdownReport.Write(document, text);
            string? charts = parsed.GetValue(figures);
            if (charts is not null) SvgFigure.WriteAll(document, charts);
            int count = document.Figures.Count();
            if (parsed.GetValue(json))
            {
                Screen.Data(new
                {
                    document.Title,
                    Figures = count,
                    Html = page,
                    Markdown = text,
                    Svg = charts,
                    Interactive = HtmlReport.HasScript,
                });
                return ExitCode.Done;
            }
            TextTable.PrintFacts(("report", document.Title), ("figures", count), ("page", page), ("markdown", text), ("charts", charts));
            return ExitCode.Done;
        });
    }
}
