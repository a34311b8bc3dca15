using Microsoft.Playwright;
using PersonaSelection.Report;
using PersonaSelection.Tests.Rooms.ReportTests;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>The report page in a real browser, at phone and desk width, in light and dark, with its script and without.</summary>
public sealed class ReportPageTests(ReportBrowser browser) : IClassFixture<ReportBrowser>
{
    public static TheoryData<int, bool, bool> Views => new()
    {
        { 390, false, true }, { 390, true, true }, { 1280, false, true }, { 1280, true, true },
        { 390, false, false }, { 390, true, false }, { 1280, false, false }, { 1280, true, false },
    };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task The_page_is_whole(int width, bool dark, bool withScript)
    {
        await using ReportView view = await browser.Open(SampleReport.Make(), width, dark, withScript);
        await view.Screenshot($"report-{width}-{(dark ? "dark" : "light")}-{(withScript ? "script" : "plain")}");
        Assert.Empty(view.Complaints);
        Assert.Empty(view.Requests);

        Assert.Equal(width, await view.Ask<int>("() => document.documentElement.scrollWidth"));
        string[] charts = await view.Ask<string[]>("""
            () => [...document.querySelectorAll('.chart')].filter(c => ![...c.querySelectorAll('svg')].some(s => {
              const box = s.getBoundingClientRect();
              return box.width > 200 && box.height > 100 && s.querySelectorAll('path, line, rect').length > 5;
            })).map(c => c.closest('figure').id)
            """);
        Assert.Empty(charts);
        Assert.Equal(4, await view.Ask<int>("() => document.querySelectorAll('.chart').length"));
        Assert.Equal(withScript && HtmlReport.HasScript ? 4 : 0,
            await view.Ask<int>("() => document.querySelectorAll('.chart.live').length"));
        Assert.Equal("", await view.Ask<string>("""
            () => [...document.querySelectorAll('pre')].filter(p => p.scrollWidth > p.clientWidth).map(p => p.textContent).join()
            """));
        Assert.Empty(await view.Ask<string[]>(PageScripts.TextOutside));
        Assert.Empty(await view.Ask<string[]>(PageScripts.FaintText));
        Assert.Empty(await view.Ask<string[]>(PageScripts.Unnamed));
    }

    [Fact]
    public async Task Hostile_text_runs_nothing_and_breaks_nothing()
    {
        await using ReportView view = await browser.Open(HostileReport.Make(), 390, dark: false, withScript: true);
        Assert.Empty(view.Complaints);
        Assert.Empty(view.Requests);
        Assert.Equal(390, await view.Ask<int>("() => document.documentElement.scrollWidth"));
        Assert.Equal(0, await view.Ask<int>("() => document.querySelectorAll('img, iframe, b, [onload], [onerror]').length"));
        Assert.Equal(string.Concat(HostileReport.Text.Where(c => !char.IsControl(c))).Replace('\ud800', '\ufffd'),
            await view.Ask<string>("() => document.querySelector('h1').textContent"));
    }

    [Fact]
    public async Task A_chart_tells_its_numbers_to_the_pointer()
    {
        await using ReportView view = await browser.Open(SampleReport.Make(), 1280, dark: false, withScript: true);
        Assert.SkipUnless(HtmlReport.HasScript, "the build had no npm, so pages carry their plain charts");
        await view.Page.Locator("#agreement .drawn svg[role=img]").First.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult box = (await view.Page.Locator("#agreement .drawn svg[role=img]").First.BoundingBoxAsync())!;
        await view.Page.Mouse.MoveAsync(box.X + box.Width * 0.8f, box.Y + box.Height * 0.2f);
        string? tip = await view.Page.Locator("#agreement .drawn svg [aria-label=tip]").First.TextContentAsync();
        await view.Screenshot("report-1280-light-pointer");
        Assert.Contains("observed shift", tip, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Charts_follow_the_width()
    {
        await using ReportView view = await browser.Open(SampleReport.Make(), 1280, dark: false, withScript: true);
        await view.Page.SetViewportSizeAsync(390, 800);
        await view.Page.WaitForFunctionAsync("() => document.documentElement.scrollWidth === 390");
        Assert.Empty(await view.Ask<string[]>(PageScripts.TextOutside));
        Assert.Empty(view.Complaints);
    }

    [Fact]
    public async Task The_printed_page_is_light_and_within_its_sheet()
    {
        await using ReportView view = await browser.Open(SampleReport.Make(), 1280, dark: true, withScript: true);
        await view.Page.EmulateMediaAsync(new() { Media = Media.Print, ColorScheme = ColorScheme.Dark });
        Assert.Equal("rgb(252, 251, 248)", await view.Ask<string>("() => getComputedStyle(document.body).backgroundColor"));
        byte[] pdf = await view.Page.PdfAsync(new() { Format = "A4" });
        Assert.True(pdf.Length > 10_000);
    }

    /// <summary>A sheet is narrower than the window: panels that break their rows would leave the first of a row without names.</summary>
    [Fact]
    public async Task A_printed_chart_of_several_panels_has_its_names_in_every_row()
    {
        await using ReportView view = await browser.Open(SampleReport.Make(), 1280, dark: true, withScript: true);
        await view.Page.EmulateMediaAsync(new() { Media = Media.Print, ColorScheme = ColorScheme.Dark });
        await view.Page.SetViewportSizeAsync(670, 900);
        Assert.False(await view.Ask<bool>("() => [...document.querySelectorAll('.drawn')].some(d => d.getClientRects().length)"));
        Assert.Empty(await view.Ask<string[]>("""
            () => [...document.querySelectorAll('.chart')].filter(c => {
              const seen = [...c.querySelectorAll(':scope > svg')].filter(s => s.getBoundingClientRect().width > 200);
              return seen.length !== 1 || !seen[0].classList.contains('wide') || !seen[0].querySelector('text');
            }).map(c => c.closest('figure').id)
            """));
        Assert.Equal("light", await view.Ask<string>("() => getComputedStyle(document.documentElement).colorScheme"));
    }

    /// <summary>What may be longer than a sheet is not pushed to the next one, which would leave the rest of this one empty.</summary>
    [Fact]
    public async Task A_printed_list_or_table_breaks_between_its_rows()
    {
        await using ReportView view = await browser.Open(SampleReport.Make(), 1280, dark: false, withScript: false);
        await view.Page.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.Equal(["figure:has(.claims) auto", "figure:has(> .scroll) auto", "figure:has(.chart) avoid", "tr avoid", ".claim avoid"],
            await view.Ask<string[]>("""
            () => ['figure:has(.claims)', 'figure:has(> .scroll)', 'figure:has(.chart)', 'tr', '.claim']
              .map(s => s + ' ' + getComputedStyle(document.querySelector(s)).breakInside)
            """));
    }

    [Fact]
    public void The_build_made_the_script_where_npm_is()
    {
        Assert.SkipUnless(ReportBrowser.OnPath("npm") is not null, "npm is not installed");
        Assert.True(HtmlReport.HasScript, "npm is installed, yet the report's script is not built in: see the build's messages.");
    }
}
