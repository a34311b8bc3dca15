using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Report;

/// <summary>
/// A report as one HTML file that needs no network and forbids itself any. Every chart is drawn in the file; a script, when it was built
/// in, redraws them so that they answer to the pointer and to the width. The data stand in the page too.
/// </summary>
public static class HtmlReport
{
    private static readonly Lazy<string> Css = new(() =>
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return ChartColours.PageCss() + reader.ReadToEnd().ReplaceLineEndings("\n");
    });

    /// <summary>Whether the build had npm, so that pages can carry the script.</summary>
    public static bool HasScript => WebBundle.Script is not null;

    /// <summary>Writes the page, whole or not at all.</summary>
    /// <param name="document">What is told.</param>
    /// <param name="path">The file.</param>
    /// <param name="withScript">Whether the page carries the script, if there is one.</param>
    /// <exception cref="ArgumentException">The document contradicts itself.</exception>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Write(ReportDocument document, string path, bool withScript = true) =>
        AtomicFile.WriteText(path, Render(document, withScript));

    /// <summary>The page as text.</summary>
    /// <exception cref="ArgumentException">The document contradicts itself.</exception>
    public static string Render(ReportDocument document, bool withScript = true)
    {
        ArgumentNullException.ThrowIfNull(document);
        DocumentCheck.ThrowIfUnsound(document);
        IReadOnlyDictionary<string, int> hues = ChartColours.HuesOf(document.Figures);
        string? script = withScript ? WebBundle.Script : null;
        var html = new StringBuilder();
        AppendHead(html, document, script);
        html.Append("<body>\n<a class=\"skip\" href=\"#story\">To the story</a>\n<div class=\"page\">\n");
        string[] ids = FigureIds(document);
        AppendHeader(html, document, ids);
        html.Append("<main id=\"story\">\n");
        for (int i = 0; i < document.Blocks.Count; i++) AppendBlock(html, document.Blocks[i], i, ids[i], hues);
        html.Append("</main>\n<footer><p>Made by psm. This page is one file; it loads nothing and sends nothing.</p></footer>\n</div>\n");
        if (script is not null)
        {
            string data = JsonSerializer.Serialize(new { document, hues }, ReportJson.Compact);
            html.Append($"<script type=\"application/json\" id=\"psm-report\">{data}</script>\n<script>{script}</script>\n");
        }
        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void AppendHead(StringBuilder html, ReportDocument document, string? script)
    {
        string allowed = script is null ? "'none'" : $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; ")
            .Append($"script-src {allowed}; img-src data:; base-uri 'none'; form-action 'none'\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<meta name=\"color-scheme\" content=\"light dark\">\n")
            .Append("<meta name=\"generator\" content=\"psm\">\n<link rel=\"icon\" href=\"data:,\">\n")
            .Append($"<title>{HtmlText.Encode(document.Title)}</title>\n<style>\n{Css.Value}</style>\n</head>\n");
    }

    private static void AppendHeader(StringBuilder html, ReportDocument document, string[] ids)
    {
        html.Append($"<header>\n<h1>{HtmlText.Encode(document.Title)}</h1>\n");
        if (document.Subtitle.Length > 0) html.Append($"<p class=\"lead\">{HtmlText.Inline(document.Subtitle)}</p>\n");
        if (document.Facts.Count > 0)
        {
            html.Append("<dl class=\"facts\">");
            foreach (ReportFact fact in document.Facts)
                html.Append($"<div><dt>{HtmlText.Encode(fact.Name)}</dt><dd>{HtmlText.Encode(fact.Value)}</dd></div>");
            html.Append("</dl>\n");
        }
        var claims = document.Blocks.OfType<ClaimsFigure>().SelectMany(c => c.Claims).ToList();
        if (claims.Count > 0)
        {
            string first = ids[document.Blocks.ToList().FindIndex(b => b is ClaimsFigure)];
            html.Append($"<div class=\"score\"><span>{claims.Count} {(claims.Count == 1 ? "claim" : "claims")}</span><ul>");
            foreach (Verdict verdict in (Verdict[])[Verdict.Held, Verdict.Failed, Verdict.Undecided])
                if (claims.Count(c => c.Verdict == verdict) is > 0 and int count)
                    html.Append($"<li>{HtmlFigures.VerdictSign(verdict, $"{count} ")}</li>");
            html.Append($"</ul><a href=\"#{first}\">See each claim</a></div>\n");
        }
        html.Append("</header>\n");
    }

    private static void AppendBlock(StringBuilder html, ReportBlock block, int index, string id, IReadOnlyDictionary<string, int> hues)
    {
        switch (block)
        {
            case Heading heading: html.Append($"<h2 id=\"{id}\">{HtmlText.Encode(heading.Text)}</h2>\n"); break;
            case Prose prose: html.Append($"<p>{HtmlText.Inline(prose.Text)}</p>\n"); break;
            case Figure figure: HtmlFigures.Append(html, figure, index, id, hues); break;
        }
    }

    /// <summary>A link name per block, unique in the page.</summary>
    private static string[] FigureIds(ReportDocument document)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal) { "story", "psm-report" };
        return [.. document.Blocks.Select((block, i) =>
        {
            string slug = HtmlText.Slug(block is Figure f ? f.Id.Length > 0 ? f.Id : f.Title : block is Heading h ? h.Text : "");
            if (slug.Length == 0) slug = $"block-{i + 1}";
            string stem = slug;
            for (int n = 2; !taken.Add(slug); n++) slug = $"{stem}-{n}";
            return slug;
        })];
    }
}
