using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Heads before the final one, such as 103 (RFC 8297). Apps in ASP.NET Core cannot send them, targets of any other kind can.</summary>
public sealed class InformationalTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private const string Hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </caf\xE9.js>; rel=preload\r\n";
    private const string Final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [EveryWay(Forwarded = true)]
    public async Task Heads_ReachTheVisitorBeforeTheFinalOne(Via via)
    {
        var way = rig.ToTarget(via);
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("GET", "/"));
        using var target = await rig.Target.AcceptAsync();
        await target.ReadHeadAsync();

        await target.SendAsync("HTTP/1.1 102 Processing\r\n\r\n");
        Assert.Equal("HTTP/1.1 102 Processing\r\n", await visitor.ReadHeadAsync().Soon());
        await target.SendAsync(Hints + "Connection: X-Hop\r\nKeep-Alive: 5\r\n\r\n");
        Assert.Equal(Hints, await visitor.ReadHeadAsync().Soon());
        await target.SendAsync(Hints + "\r\n" + Final);
        Assert.Equal(Hints, await visitor.ReadHeadAsync().Soon());
        Assert.Equal("ok", (await visitor.ReadResponseAsync().Soon()).Text);

        // The connection goes on with the next request.
        await visitor.SendAsync(way.Head("GET", "/next"));
        await target.ReadHeadAsync();
        await target.SendAsync(Final);
        Assert.Equal("ok", (await visitor.ReadResponseAsync().Soon()).Text);
    }

    [Theory]
    [EveryWay("HTTP/1.0", "Expect: 100-continue", Forwarded = true)]
    public async Task Heads_ThatTheVisitorCannotHave_AreLeftOut(Via via, string why)
    {
        var way = rig.ToTarget(via);
        var isOld = why == "HTTP/1.0";
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(isOld
            ? way.Head("GET", "/").Replace("HTTP/1.1", why, StringComparison.Ordinal)
            : way.Head("POST", "/", why, "Content-Length: 2"));
        using var target = await rig.Target.AcceptAsync();
        await target.ReadHeadAsync();
        await target.SendAsync(Hints + "\r\n");
        if (!isOld)
        {
            await target.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            Assert.Equal("HTTP/1.1 100 Continue\r\n", await visitor.ReadHeadAsync().Soon());
            await visitor.SendAsync("hi");
            await target.ReadAsync(2).Soon();
        }

        await target.SendAsync(Final);

        Assert.Equal("HTTP/1.1 200 OK", (await visitor.ReadResponseAsync().Soon()).StatusLine);
    }
}
