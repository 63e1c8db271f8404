using Microsoft.Playwright;
using Tunnel.Browser.Tests.Visitors;

[assembly: AssemblyFixture(typeof(SharedChromium))]

namespace Tunnel.Browser.Tests.Visitors;

/// <summary>One browser for all tests, with an empty profile. Each page gets a context of its own.</summary>
public sealed class SharedChromium : IAsyncLifetime
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (ChromiumFinder.Find() is not { } path)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Headless = true, Args = Arguments });
    }

    /// <summary>Opens a page that notes what goes wrong in it; skips the test where there is no browser.</summary>
    internal async Task<VisitedPage> OpenAsync(Uri address)
    {
        Assert.SkipWhen(_browser is null, "There is no Chromium: install it, or name its program in the environment variable CHROMIUM.");
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 800, Height = 500 },
            IgnoreHTTPSErrors = true,
        });
        return await VisitedPage.OpenAsync(context, address);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
