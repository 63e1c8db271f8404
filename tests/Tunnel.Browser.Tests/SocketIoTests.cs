using Tunnel.Browser.Tests.NodeApps;
using Tunnel.Browser.Tests.Visitors;

namespace Tunnel.Browser.Tests;

/// <summary>Express with Socket.IO, which polls at first and then changes to a WebSocket.</summary>
public sealed class SocketIoTests(SharedChromium chromium)
{
    [Theory]
    [InlineData("", "polling then websocket")]
    [InlineData("?transports=polling", "polling")]
    [InlineData("?transports=websocket", "websocket")]
    public async Task TwoPages_HearEachOther(string query, string transports)
    {
        await using var server = await NodeApp.StartAsync("socket-io", "server.js");
        await using var app = await PublicApp.ForwardAsync(server.Url);
        var address = new Uri(app.At(Way.Subdomain), query);
        await using var first = await chromium.OpenAsync(address);
        await using var second = await chromium.OpenAsync(address);
        await first.SeesAsync("transport", transports);
        await second.SeesAsync("transport", transports);

        await first.ClickAsync("say");

        await first.SeesAsync("answer", "heard grüße and 3 bytes");
        await second.SeesAsync("said", "grüße, 0 255 7");
        await first.SeesAsync("said", "nothing");
        await second.PictureAsync($"socket-io-{transports.Replace(' ', '-')}");
        first.AssertNoProblems();
        second.AssertNoProblems();
    }
}
