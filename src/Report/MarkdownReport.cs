using System.Text;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Report;

/// <summary>A report as Markdown: figures become tables, or images with their tables left out.</summary>
public static class MarkdownReport
{
    /// <summary>Writes the document as Markdown, whole or not at all.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Write(ReportDocument document, string path, Func<Figure, string?>? imageOf = null) =>
        AtomicFile.WriteText(path, Render(document, imageOf));

    /// <summary>The document as Markdown.</summary>
    /// <param name="document">What is told.</param>
    /// <param name="imageOf">The relative path of a figure's image (see <see cref="SvgFigure"/>); a figure without
    /// one becomes a table.</param>
    /// <exception cref="ArgumentException">The document contradicts itself.</exception>
    public static string Render(ReportDocument document, Func<Figure, string?>? imageOf = null)
    {
        ArgumentNullException.ThrowIfNull(document);
        DocumentCheck.ThrowIfUnsound(document);
        var text = new StringBuilder();
        text.Append($"# {Escape(document.Title)}\n\n");
        if (document.Subtitle.Length > 0) text.Append(Inline(document.Subtitle)).Append("\n\n");
        if (document.Facts.Count > 0)
            text.AppendJoin(" · ", document.Facts.Select(f => $"{Escape(f.Name)} {Escape(f.Value)}")).Append("\n\n");
        foreach (ReportBlock block in document.Blocks)
            switch (block)
            {
                case Heading heading: text.Append($"## {Escape(heading.Text)}\n\n"); break;
                case Prose prose: text.Append(Paragraph(prose.Text)).Append("\n\n"); break;
                case Figure figure: text.Append(Render(figure, imageOf?.Invoke(figure))); break;
            }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>One figure as Markdown.</summary>
    /// <param name="figure">The figure.</param>
    /// <param name="image">The relative path of its image, if there is one.</param>
    public static string Render(Figure figure, string? image = null)
    {
        ArgumentNullException.ThrowIfNull(figure);
        var text = new StringBuilder();
        text.Append($"### {Escape(figure.Title)}\n\n");
        if (image is not null && StaticChart.Draws(figure))
            text.Append($"![{Escape(figure.Title)}]({Uri.EscapeDataString(image).Replace("%2F", "/", StringComparison.Ordinal)})\n\n");
        else if (FigureTable.Of(figure) is TableFigure table)
            AppendTable(text, table.Columns, table.Rows.Select(r => r.Select(Escape)));
        else
            AppendText(text, figure);
        if (figure.Caption.Length > 0) text.Append(Inline(figure.Caption)).Append("\n\n");
        return text.ToString();
    }

    private static void AppendText(StringBuilder text, Figure figure)
    {
        switch (figure)
        {
            case ClaimsFigure claims:
                AppendTable(text, [new("verdict"), new("claim"), new("foretold"), new("measured"), new("interval")],
                    claims.Claims.Select(c => (IEnumerable<string>)[$"**{c.Verdict.Word()}**",
                        Inline(c.Statement, true) + (c.Note.Length > 0 ? " " + Inline(c.Note, true) : ""), Escape(c.Prediction),
                        Escape(c.Measured), Escape(c.Interval)]));
                break;
            case QuoteFigure quote:
                foreach (Turn turn in quote.Turns) text.Append($"> **{Escape(turn.Role)}**: {Escape(turn.Text)}\\\n");
                foreach (QuoteReply reply in quote.Replies)
                    text.Append($"> → **{Escape(reply.Speaker)}**: "
                        + $"{Escape(reply.Text)}{(reply.Note.Length > 0 ? $" ({Escape(reply.Note)})" : "")}\\\n");
                text.Remove(Math.Max(0, text.Length - 2), 2).Append("\n\n");
                break;
            case ReproduceFigure reproduce:
                foreach (string command in reproduce.Commands.SelectMany(c => c.ReplaceLineEndings("\n").Split('\n')))
                    text.Append("    ").Append(command).Append('\n');
                text.Append('\n');
                if (reproduce.Ids.Count + reproduce.Versions.Count > 0)
                    AppendTable(text, [new("what"), new("id or version")],
                        reproduce.Ids.Concat(reproduce.Versions).Select(f => (IEnumerable<string>)[Escape(f.Name), Escape(f.Value)]));
                break;
        }
    }

    private static void AppendTable(StringBuilder text, IReadOnlyList<TableColumn> columns, IEnumerable<IEnumerable<string>> rows)
    {
        text.Append("| ").AppendJoin(" | ", columns.Select(c => Escape(c.Name))).Append(" |\n");
        text.Append("| ").AppendJoin(" | ", columns.Select(c => c.Numeric ? "---:" : "---")).Append(" |\n");
        foreach (IEnumerable<string> row in rows) text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        text.Append('\n');
    }

    private static string Inline(string text, bool inTable = false) => string.Concat(InlineText.Parse(text).Select(span => span.Style switch
    {
        InlineText.Style.Bold => $"**{Escape(span.Text)}**",
        InlineText.Style.Code => $"`{span.Text.ReplaceLineEndings(" ").Replace("|", inTable ? "\\|" : "|", StringComparison.Ordinal)}`",
        _ => Escape(span.Text),
    }));

    /// <summary>A paragraph whose beginning is not taken for a list or a rule.</summary>
    private static string Paragraph(string text)
    {
        string line = Inline(text).TrimStart();
        int digits = line.TakeWhile(char.IsAsciiDigit).Count();
        if (digits > 0 && line.Length > digits && (line[digits] is '.' or ')')) return line.Insert(digits, "\\");
        return line.Length > 0 && (line[0] is '-' or '+' or '=') ? "\\" + line : line;
    }

    /// <summary>Text that Markdown shows as it is written, on one line: nothing in it becomes a mark, a link or an element.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text.ReplaceLineEndings(" "))
        {
            if (c is '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '|' or '#' or '&' or '~') escaped.Append('\\');
            escaped.Append(c < ' ' ? ' ' : c);
        }
        return escaped.ToString();
    }
}
