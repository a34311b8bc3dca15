using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ReportTests;

public sealed class HtmlReportTests
{
    [Fact]
    public void The_page_refers_to_nothing_outside_itself()
    {
        foreach (bool withScript in (bool[])[true, false])
        {
            string page = WithoutScripts(HtmlReport.Render(SampleReport.Make(), withScript));
            Assert.DoesNotMatch(@"(?i)\b(src|srcset|action|poster)\s*=", page);
            Assert.DoesNotMatch(@"(?i)@import|url\(", page);
            Assert.All(Regex.Matches(page, "href=\"([^\"]*)\""),
                m => Assert.True(m.Groups[1].Value is "data:," || m.Groups[1].Value[0] == '#'));
        }
    }

    [Fact]
    public void The_policy_allows_the_one_script_by_its_hash_and_nothing_else()
    {
        string page = HtmlReport.Render(SampleReport.Make());
        string policy = Regex.Match(page, "Content-Security-Policy\" content=\"([^\"]*)\"").Groups[1].Value;
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Match script = Regex.Match(page, "<script>(.*)</script>\n</body>", RegexOptions.Singleline);
        string expected = script.Success
            ? $"script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script.Groups[1].Value)))}'"
            : "script-src 'none'";
        Assert.Contains(expected, policy, StringComparison.Ordinal);
        Assert.Equal(script.Success, HtmlReport.HasScript);
        Assert.Contains("script-src 'none'", HtmlReport.Render(SampleReport.Make(), withScript: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_text_stays_text()
    {
        string page = HtmlReport.Render(HostileReport.Make());
        string markup = WithoutScripts(page);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", markup, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", markup, StringComparison.Ordinal);
        Assert.DoesNotContain("<!--", page, StringComparison.Ordinal);
        Assert.DoesNotContain(page, c => c is '\u2028' or '\u2029' || (char.IsControl(c) && c is not ('\n' or '\t')));
        // Every element is one that this room writes, and no attribute listens to events.
        string[] known =
        [
            .. "html head meta link title style body a div header h1 p dl dt dd main footer span ul li ol h2 h3 h4 strong code".Split(' '),
            .. "figure figcaption details summary table thead tbody tr th td pre section svg g line rect path text".Split(' '),
        ];
        Assert.All(Regex.Matches(markup, "<([a-zA-Z0-9]+)"), m => Assert.Contains(m.Groups[1].Value, known));
        Assert.DoesNotMatch(@"<[^>]*\son[a-z]+\s*=", Regex.Replace(markup, "\"[^\"]*\"", "\"\""));
        int scripts = Regex.Count(page, "<script");
        Assert.Equal(HtmlReport.HasScript ? 2 : 0, scripts);
        Assert.Equal(scripts, Regex.Count(page, "</script>"));
    }

    [Fact]
    public void The_data_in_the_page_are_the_document()
    {
        Assert.SkipUnless(HtmlReport.HasScript, "the build had no npm, so pages carry no script and no data for it");
        string data = Regex.Match(HtmlReport.Render(HostileReport.Make()), "id=\"psm-report\">(.*?)</script>",
            RegexOptions.Singleline).Groups[1].Value;
        using JsonDocument json = JsonDocument.Parse(data);
        ReportDocument again = ReportDocument.FromJson(json.RootElement.GetProperty("document").GetRawText());
        Assert.Equal(HostileReport.Make().ToJson(), again.ToJson());
    }

    [Theory]
    [InlineData("a</script>b</SCRIPT >c")]
    [InlineData("x<!--y\r\nz")]
    public void A_script_cannot_end_its_element(string script)
    {
        string safe = PersonaSelection.Report.WebBundle.ForElement(script);
        Assert.DoesNotMatch("(?i)</script|<!--|\r", safe);
    }

    [Fact]
    public void Link_names_are_unique()
    {
        ReportBlock[] blocks = [new Heading("Same"), new Heading("same!"), new Heading("same 2"), new Heading("…"),
            new Heading("story"), SampleReport.Claims()];
        string page = HtmlReport.Render(new ReportDocument("t") { Blocks = blocks });
        string[] ids = [.. Regex.Matches(WithoutScripts(page), " id=\"([^\"]*)\"").Select(m => m.Groups[1].Value)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^[a-z0-9-]+$", id));
    }

    [Fact]
    public void An_empty_report_is_a_page()
    {
        Assert.Contains("<h1>Nothing</h1>", HtmlReport.Render(new ReportDocument("Nothing")), StringComparison.Ordinal);
    }

    private static string WithoutScripts(string page) => Regex.Replace(page, "<script.*?</script>", "", RegexOptions.Singleline);
}
