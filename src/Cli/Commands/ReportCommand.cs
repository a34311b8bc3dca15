using System.CommandLine;
using PersonaSelection.Lab;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm report</c>: draws a saved report document again.</summary>
internal sealed class ReportCommand
{
    private const string DocumentName = "report.json";

    private readonly Argument<string> _source = new("SOURCE")
    {
        Description = $"A report document, or a folder that holds a {DocumentName}.",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The page to write; report.html beside the document when absent.",
    };

    private readonly Option<string?> _markdown = new("--markdown") { Description = "Write the report as Markdown too, to this file." };
    private readonly Option<string?> _figures = new("--figures")
    {
        Description = "Write every chart as an SVG file too, into this folder.",
    };

    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Verb _verb;

    private ReportCommand()
    {
        _verb = new Verb("report", "Draw a saved report again, as one self-contained HTML page.",
            "psm report psm-demo -o report.html --markdown report.md")
        {
            _source, _output, _markdown, _figures, _json,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new ReportCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string place = parsed.GetValue(_source)!;
        string path = Directory.Exists(place) ? Path.Combine(place, DocumentName) : place;
        ReportDocument document = ReportDocument.Load(path);
        string page = parsed.GetValue(_output) ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "report.html");
        string? text = parsed.GetValue(_markdown);
        if (new[] { page, text }.OfType<string>().FirstOrDefault(p => FilePlace.Same(p, path)) is { } same)
            throw new UserErrorException("report-in-place", $"{same} is the document that the report is drawn from.",
                "Choose another file with -o or --markdown.");
        HtmlReport.Write(document, page);
        if (text is not null) MarkdownReport.Write(document, text);
        string? charts = parsed.GetValue(_figures);
        if (charts is not null) SvgFigure.WriteAll(document, charts);
        int count = document.Figures.Count();
        if (parsed.GetValue(_json))
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
    }
}
