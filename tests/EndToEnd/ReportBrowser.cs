using Microsoft.Playwright;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>One Chromium for the tests of a class. A test that opens a page is skipped where there is none.</summary>
public sealed class ReportBrowser : IAsyncLifetime
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    // A loaded machine is slow, not wrong.
    private const float PatienceMs = 120_000;

    private readonly TemporaryFolder _folder = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (OnPath("chromium") is not string chromium) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = Arguments, Timeout = PatienceMs });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        _folder.Dispose();
    }

    internal async Task<ReportView> Open(ReportDocument document, int width, bool dark, bool withScript)
    {
        Assert.SkipWhen(_browser is null, "chromium is not installed (Debian: apt-get install chromium)");
        string path = _folder[$"{Guid.NewGuid():N}.html"];
        HtmlReport.Write(document, path, withScript);
        IPage page = await _browser.NewPageAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 800 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
        });
        page.SetDefaultTimeout(PatienceMs);
        var view = new ReportView(page);
        await page.GotoAsync(new Uri(path).AbsoluteUri);
        return view;
    }
}

/// <summary>An open page and what it complained of.</summary>
internal sealed class ReportView : IAsyncDisposable
{
    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];

    public ReportView(IPage page)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
        page.Request += (_, request) =>
        {
            bool itself = request.IsNavigationRequest && request.Url.StartsWith("file:", StringComparison.Ordinal);
            if (!itself && !request.Url.StartsWith("data:", StringComparison.Ordinal)) _requests.Add(request.Url);
        };
    }

    public IPage Page { get; }

    /// <summary>Errors and warnings on the console.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>What was asked of the network or the disk, the page itself apart.</summary>
    public IReadOnlyList<string> Requests => _requests;

    public Task<T> Ask<T>(string script) => Page.EvaluateAsync<T>(script);

    /// <summary>Saves the whole page as a picture for people to look at.</summary>
    public Task Screenshot(string name) => Page.ScreenshotAsync(new()
    {
        Path = Path.Combine(AppContext.BaseDirectory, "screenshots", name + ".png"),
        FullPage = true,
    });

    public async ValueTask DisposeAsync() => await Page.CloseAsync();
}
