using System.Net;
using System.Net.Sockets;
using Microsoft.Playwright;
using Tunnel.Browser.Tests.NodeApps;
using Tunnel.Browser.Tests.Visitors;

namespace Tunnel.Browser.Tests;

/// <summary>A Vite dev server with its defaults: nothing in it knows of a tunnel.</summary>
public sealed class ViteTests(SharedChromium chromium)
{
    [Fact]
    public async Task EditsShowInThePageWithoutAReload()
    {
        await using var vite = await NodeApp.StartAsync("vite", "node_modules/vite/bin/vite.js", "--port", $"{FreePort()}");
        await using var app = await PublicApp.ForwardAsync(vite.Url);
        var address = app.At(Way.Subdomain);
        await using var visited = await chromium.OpenAsync(address);
        await visited.SeesAsync("message", "as it was");
        await visited.ClickAsync("counter");
        await visited.SeesAsync("counter", "count is 1");
        await visited.Page.EvaluateAsync("window.loaded = 'once'");
        await visited.PictureAsync("vite-before");

        await EditAsync(vite, "src/message.js", "as it was", "edited while you looked");
        await visited.SeesAsync("message", "edited while you looked");
        await EditAsync(vite, "src/style.css", "rgb(10, 20, 30)", "rgb(200, 30, 90)");
        await Assertions.Expect(visited.Page.Locator("h1")).ToHaveCSSAsync("color", "rgb(200, 30, 90)");

        await visited.SeesAsync("counter", "count is 1");
        Assert.Equal("once", await visited.Page.EvaluateAsync<string>("window.loaded"));
        var socket = new Uri(Assert.Single(visited.WebSockets));
        Assert.Equal((address.Host, address.Port), (socket.Host, socket.Port));
        visited.AssertNoProblems();
        await visited.PictureAsync("vite-after");
    }

    private static async Task EditAsync(NodeApp vite, string file, string before, string after)
    {
        var path = Path.Combine(vite.Folder, file);
        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.Contains(before, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace(before, after, StringComparison.Ordinal), TestContext.Current.CancellationToken);
    }

    /// <summary>Vite takes the next one where somebody else was quicker.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
