using Microsoft.Playwright;
using Tunnel.Browser.Tests.Visitors;

namespace Tunnel.Browser.Tests;

/// <summary>What a person sees where there is no app.</summary>
public sealed class ErrorPageTests(SharedChromium chromium)
{
    [Fact]
    public async Task UnclaimedName_ShowsAPageThatSaysSo()
    {
        await using var app = await PublicApp.StartAsync(_ => { });
        var address = new UriBuilder(app.At(Way.Subdomain)) { Host = "nobody.tunnel.localhost" }.Uri;
        await using var visited = await chromium.OpenAsync(address);

        await Assertions.Expect(visited.Page.Locator("h1")).ToHaveTextAsync("404");
        await Assertions.Expect(visited.Page.Locator("p")).ToHaveTextAsync("There is no tunnel at this address.");
        await Assertions.Expect(visited.Page).ToHaveTitleAsync("404 – There is no tunnel at this address.");
        await visited.PictureAsync("error-page");
    }
}
