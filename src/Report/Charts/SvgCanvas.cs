using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace PersonaSelection.Report;

/// <summary>Writes SVG elements. Colours are the class names of <see cref="ChartColours"/>; lengths are in CSS pixels.</summary>
internal sealed class SvgCanvas
{
    public const string FontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

    private const double CharacterWidth = 0.54;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _body = new();

    /// <summary>The elements written so far.</summary>
    public string Body => _body.ToString();

    /// <summary>Text as XML content or attribute; characters that XML cannot hold are dropped.</summary>
    public static string Encode(string text) =>
        Encoder.Encode(new string([.. text.Where(c => c >= ' ' && c is not ('\u007f' or '\ufffe' or '\uffff') || c is '\n' or '\t')]));

    /// <summary>About how wide a text is: there is nothing here to measure a font with.</summary>
    public static double TextWidth(string text, double size) => size * text.EnumerateRunes().Sum(WidthOf);

    // Chinese, Japanese, Korean and pictures fill a square.
    private static double WidthOf(Rune rune) => rune.Value switch
    {
        (>= 0x1100 and < 0x1160) or (>= 0x2e80 and < 0xa4d0) or (>= 0xac00 and < 0xd7b0) or (>= 0xf900 and < 0xfb00)
            or (>= 0xff00 and < 0xff61) or (>= 0x1f000 and < 0x1fb00) or (>= 0x20000 and < 0x40000) => 1,
        _ => CharacterWidth,
    };

    /// <summary>The text, cut with an ellipsis where it would be wider than <paramref name="width"/>.</summary>
    public static string Fit(string text, double size, double width)
    {
        if (TextWidth(text, size) <= width) return text;
        double left = width - TextWidth("…", size);
        var cut = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            left -= size * WidthOf(rune);
            if (left < 0 && cut.Length > 0) break;
            cut.Append(rune.ToString());
        }
        return cut.ToString().TrimEnd() + "…";
    }

    /// <summary>The text in lines of about <paramref name="width"/>; a single word that is wider is cut.</summary>
    public static IReadOnlyList<string> Wrap(string text, double size, double width)
    {
        var lines = new List<string>();
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string longer = line.Length == 0 ? word : line + " " + word;
            if (line.Length > 0 && TextWidth(longer, size) > width)
            {
                lines.Add(line);
                longer = word;
            }
            line = Fit(longer, size, width);
        }
        if (line.Length > 0) lines.Add(line);
        return lines;
    }

    public void Line(double x1, double y1, double x2, double y2, string colour, double width = 1, string dash = "") =>
        _body.Append($"<line x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" class=\"s-{colour}\" stroke-width=\"{N(width)}\"")
            .Append(dash.Length > 0 ? $" stroke-dasharray=\"{dash}\"" : "").Append("/>");

    public void Rectangle(double x, double y, double width, double height, string colour, double radius = 0, double opacity = 1) =>
        _body.Append($"<rect x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(Math.Max(0, width))}\" height=\"{N(height)}\" class=\"f-{colour}\"")
            .Append(radius > 0 ? $" rx=\"{N(radius)}\"" : "").Append(opacity < 1 ? $" opacity=\"{N(opacity)}\"" : "").Append("/>");

    /// <summary>A path; an empty <paramref name="fill"/> or <paramref name="stroke"/> is none.</summary>
    public void Path(string d, string fill, string stroke, double width = 1, double opacity = 1) =>
        _body.Append($"<path d=\"{d}\" class=\"{(fill.Length > 0 ? "f-" + fill : "")} {(stroke.Length > 0 ? "s-" + stroke : "")}\"")
            .Append(fill.Length > 0 ? "" : " fill=\"none\"")
            .Append(stroke.Length > 0 ? $" stroke-width=\"{N(width)}\" stroke-linejoin=\"round\"" : "")
            .Append(opacity < 1 ? $" opacity=\"{N(opacity)}\"" : "").Append("/>");

    /// <summary>A mark around a point, by shape.</summary>
    public void Mark(MarkShape shape, double x, double y, double r, string fill, string stroke, double width = 1.5, double opacity = 1)
    {
        string d = shape switch
        {
            MarkShape.Circle => $"M{N(x - r)} {N(y)}a{N(r)} {N(r)} 0 1 0 {N(2 * r)} 0a{N(r)} {N(r)} 0 1 0 {N(-2 * r)} 0z",
            MarkShape.Diamond => $"M{N(x)} {N(y - r * 1.25)}L{N(x + r * 1.1)} {N(y)}L{N(x)} {N(y + r * 1.25)}L{N(x - r * 1.1)} {N(y)}z",
            MarkShape.Triangle => $"M{N(x)} {N(y - r * 1.1)}L{N(x + r * 1.1)} {N(y + r * 0.85)}L{N(x - r * 1.1)} {N(y + r * 0.85)}z",
            MarkShape.Square => $"M{N(x - r * 0.9)} {N(y - r * 0.9)}h{N(r * 1.8)}v{N(r * 1.8)}h{N(-r * 1.8)}z",
            _ => $"M{N(x - r)} {N(y - r)}L{N(x + r)} {N(y + r)}M{N(x - r)} {N(y + r)}L{N(x + r)} {N(y - r)}",
        };
        Path(d, shape == MarkShape.Cross ? "" : fill, stroke, width, opacity);
    }

    public void Text(double x, double y, string text, string colour, double size = 12, string anchor = "start",
        bool bold = false, bool halo = false) =>
        _body.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\" class=\"f-{colour}{(halo ? " s-paper" : "")}\" font-size=\"{N(size)}\"")
            .Append(halo ? " stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\"" : "")
            .Append(anchor == "start" ? "" : $" text-anchor=\"{anchor}\"").Append(bold ? " font-weight=\"600\"" : "")
            .Append('>').Append(Encode(text)).Append("</text>");

    /// <summary>Begins a group whose text shows on hover; end it with <see cref="EndGroup"/>.</summary>
    public void BeginGroup(string tip) => _body.Append("<g><title>").Append(Encode(tip)).Append("</title>");

    public void EndGroup() => _body.Append("</g>");

    /// <summary>A row of keys from left to right, wrapped within <paramref name="width"/>; returns the height it took.</summary>
    public double Keys(double x, double y, double width, IEnumerable<ChartKey> keys, double size = 12)
    {
        double at = x, row = 0;
        foreach (ChartKey key in keys)
        {
            double needed = 20 + TextWidth(key.Name, size) + 14;
            if (at > x && at + needed > x + width)
            {
                at = x;
                row += 20;
            }
            double middle = y + row - size * 0.35;
            if (key.Shape is MarkShape shape) Mark(shape, at + 7, middle, 4.5, key.Fill, key.Stroke);
            else Line(at, middle, at + 14, middle, key.Stroke, 2, key.Dash);
            Text(at + 20, y + row, Fit(key.Name, size, width - 20), "soft", size);
            at += needed;
        }
        return row + 20;
    }

    /// <summary>A coordinate with two decimals; kept within a range that every viewer can draw.</summary>
    public static string N(double value) =>
        (double.IsFinite(value) ? Math.Clamp(value, -1e5, 1e5) : 0).ToString("0.##", CultureInfo.InvariantCulture);
}

/// <summary>The shape of a mark.</summary>
internal enum MarkShape { Circle, Diamond, Triangle, Square, Cross }

/// <summary>An entry of a legend: a mark, or a line when <paramref name="Shape"/> is absent.</summary>
internal readonly record struct ChartKey(string Name, MarkShape? Shape, string Fill, string Stroke, string Dash = "");
