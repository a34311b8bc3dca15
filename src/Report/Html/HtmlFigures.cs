using System.Text;
using PersonaSelection.Corpus;

namespace PersonaSelection.Report;

/// <summary>Figures as HTML without any script.</summary>
internal static class HtmlFigures
{
    private const int ShortText = 18;

    public static void Append(StringBuilder html, Figure figure, int index, string id, IReadOnlyDictionary<string, int> hues)
    {
        html.Append($"<figure id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h3 id=\"{id}-title\">{HtmlText.Encode(figure.Title)}</h3>\n");
        switch (figure)
        {
            case TableFigure table: AppendTable(html, table); break;
            case ClaimsFigure claims: AppendClaims(html, claims); break;
            case QuoteFigure quote: AppendQuote(html, quote, hues); break;
            case ReproduceFigure reproduce: AppendReproduce(html, reproduce); break;
            default: AppendChart(html, figure, index, hues); break;
        }
        if (figure.Caption.Length > 0) html.Append($"<figcaption>{HtmlText.Inline(figure.Caption)}</figcaption>\n");
        if (StaticChart.Draws(figure) && FigureTable.Of(figure) is TableFigure numbers)
        {
            html.Append("<details><summary>The numbers</summary>\n");
            AppendTable(html, numbers);
            html.Append("</details>\n");
        }
        html.Append("</figure>\n");
    }

    private static void AppendChart(StringBuilder html, Figure figure, int index, IReadOnlyDictionary<string, int> hues)
    {
        html.Append($"<div class=\"chart\" data-block=\"{index}\">\n");
        foreach ((string name, double width) in ((string, double)[])[("wide", StaticChart.Wide), ("narrow", StaticChart.Narrow)])
        {
            (string body, double height) = StaticChart.Draw(figure, width, hues);
            html.Append($"<svg class=\"{name}\" viewBox=\"0 0 {SvgCanvas.N(width)} {SvgCanvas.N(height)}\" role=\"img\" ")
                .Append($"aria-label=\"{HtmlText.Encode(figure.Title)}. The numbers are in the table below.\">{body}</svg>\n");
        }
        html.Append("</div>\n");
    }

    private static void AppendTable(StringBuilder html, TableFigure table)
    {
        // A column of sentences needs room to be read, on a phone above all.
        string Class(int column) => table.Columns[column].Numeric ? " class=\"n\""
            : table.Rows.Any(r => r[column].Length > ShortText) ? " class=\"t\"" : "";
        html.Append($"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{HtmlText.Encode(table.Title)}, table\"><table>\n"
            + $"<thead><tr>");
        for (int c = 0; c < table.Columns.Count; c++)
            html.Append($"<th scope=\"col\"{Class(c)}>{HtmlText.Encode(table.Columns[c].Name)}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            html.Append("<tr>");
            for (int c = 0; c < row.Count; c++)
                html.Append(c == 0 && !table.Columns[0].Numeric ? $"<th scope=\"row\"{Class(c)}>{HtmlText.Encode(row[c])}</th>"
                    : $"<td{Class(c)}>{HtmlText.Encode(row[c])}</td>");
            html.Append("</tr>\n");
        }
        html.Append("</tbody></table></div>\n");
    }

    /// <summary>The word and sign of a verdict: never by colour alone.</summary>
    public static string VerdictSign(Verdict verdict, string text = "")
    {
        string sign = verdict switch { Verdict.Held => "✓", Verdict.Failed => "✗", _ => "?" };
        return $"<span class=\"verdict {verdict.Word()}\">{sign} {text}{verdict.Word()}</span>";
    }

    private static void AppendClaims(StringBuilder html, ClaimsFigure figure)
    {
        html.Append("<ol class=\"claims\">\n");
        foreach (ReportClaim claim in figure.Claims)
        {
            html.Append($"<li class=\"claim\">{VerdictSign(claim.Verdict)}<p class=\"what\">{HtmlText.Inline(claim.Statement)} ")
                .Append($"<span class=\"id\">{HtmlText.Encode(claim.Id)}</span></p><dl>");
            AppendTerm(html, "foretold", claim.Prediction);
            AppendTerm(html, "measured", claim.Measured.Length > 0 ? claim.Measured : "nothing");
            if (claim.Interval.Length > 0) AppendTerm(html, "interval", claim.Interval);
            html.Append("</dl>");
            if (claim.Note.Length > 0) html.Append($"<p class=\"note\">{HtmlText.Inline(claim.Note)}</p>");
            html.Append("</li>\n");
        }
        html.Append("</ol>\n");
    }

    private static void AppendQuote(StringBuilder html, QuoteFigure figure, IReadOnlyDictionary<string, int> hues)
    {
        html.Append("<div class=\"dialogue\">\n");
        foreach (Turn turn in figure.Turns) AppendTurn(html, turn.Role, turn.Text, "");
        html.Append("<div class=\"replies\">\n");
        foreach (QuoteReply reply in figure.Replies)
            AppendTurn(html, reply.Speaker, reply.Text, reply.Note, hues.TryGetValue(reply.Speaker, out int hue) ? $" c-h{hue}" : "");
        html.Append("</div></div>\n");
    }

    private static void AppendTurn(StringBuilder html, string who, string said, string note, string colour = "") =>
        html.Append(
            $"<div class=\"turn\"><span class=\"who{colour}\">{HtmlText.Encode(who)}</span><p class=\"said\">{HtmlText.Encode(said)}")
            .Append(note.Length > 0 ? $"<span class=\"note\">{HtmlText.Encode(note)}</span>" : "").Append("</p></div>\n");

    private static void AppendReproduce(StringBuilder html, ReproduceFigure figure)
    {
        html.Append($"<pre tabindex=\"0\"><code>{HtmlText.Encode(string.Join('\n', figure.Commands))}</code></pre>\n"
            + $"<div class=\"ledger\">");
        AppendLedger(html, "Content ids", figure.Ids, "id");
        AppendLedger(html, "Versions", figure.Versions, "");
        html.Append("</div>\n");
    }

    private static void AppendLedger(StringBuilder html, string title, IReadOnlyList<ReportFact> facts, string css)
    {
        if (facts.Count == 0) return;
        html.Append($"<section><h4>{title}</h4><dl>");
        foreach (ReportFact fact in facts)
            html.Append($"<div><dt>{HtmlText.Encode(fact.Name)}</dt><dd class=\"{css}\">{HtmlText.Encode(fact.Value)}</dd></div>");
        html.Append("</dl></section>\n");
    }

    private static void AppendTerm(StringBuilder html, string term, string text) =>
        html.Append($"<dt>{term}</dt><dd>{HtmlText.Encode(text)}</dd>");
}
