using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Browser.Tests.Visitors;

namespace Tunnel.Browser.Tests.Blazor;

/// <summary>A Blazor Server app, served in-process: its page, and its circuit over a WebSocket.</summary>
public sealed class BlazorTests(SharedChromium chromium)
{
    [Theory]
    [InlineData(Way.SecureSubdomain)]
    [InlineData(Way.Path)]
    public async Task Circuit_AnswersClicksAndTyping(Way way)
    {
        var script = BlazorScript.Read();
        await using var app = await PublicApp.StartAsync(device =>
        {
            device.Build = builder => builder.Services.AddRazorComponents().AddInteractiveServerComponents();
            device.Pipeline = app =>
            {
                app.UseAntiforgery();
                app.MapGet("/_framework/blazor.web.js", () => Results.Bytes(script, "text/javascript"));
                app.MapRazorComponents<CounterApp>().AddInteractiveServerRenderMode();
            };
        });
        await using var visited = await chromium.OpenAsync(app.At(way));
        await visited.SeesAsync("rendered", "circuit");

        await visited.ClickAsync("add");
        await visited.ClickAsync("add");
        await visited.SeesAsync("count", "count is 2");
        await visited.Page.Locator("#text").PressSequentiallyAsync("tunnel");
        await visited.SeesAsync("backwards", "lennut");

        Assert.Single(visited.WebSockets);
        await visited.PictureAsync($"blazor-{way}");
        visited.AssertNoProblems();
    }
}
