using System.Text;

namespace PersonaSelection.Report;

/// <summary>Text on its way into a page: encoded, always.</summary>
internal static class HtmlText
{
    /// <summary>Plain text as content or attribute.</summary>
    public static string Encode(string text) => SvgCanvas.Encode(text);

    /// <summary>Text with bold and code.</summary>
    public static string Inline(string text)
    {
        var html = new StringBuilder();
        foreach (InlineText.Span span in InlineText.Parse(text))
        {
            string encoded = Encode(span.Text);
            html.Append(span.Style switch
            {
                InlineText.Style.Bold => $"<strong>{encoded}</strong>",
                InlineText.Style.Code => $"<code>{encoded}</code>",
                _ => encoded,
            });
        }
        return html.ToString();
    }

    /// <summary>A name for links: lower-case letters, digits and single hyphens.</summary>
    public static string Slug(string text)
    {
        var slug = new StringBuilder();
        foreach (char c in text.ToLowerInvariant())
            if (char.IsAsciiLetterOrDigit(c)) slug.Append(c);
            else if (slug.Length > 0 && slug[^1] != '-') slug.Append('-');
        return slug.ToString(0, Math.Min(slug.Length, 60)).TrimEnd('-');
    }
}
