using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Trailers of HTTP/1.1 visitors; those of responses only HTTP/2 visitors get.</summary>
public sealed class TrailerTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private const string Chunked = "Transfer-Encoding: chunked";

    [Theory]
    [EveryWay]
    public async Task TrailersOfARequest_AreSeenAsWithoutTheTunnel(Via via)
    {
        var trailers = rig.Serve(async context =>
        {
            var before = context.Request.CheckTrailersAvailable();
            var body = await Seen.ReadAsync(context.Request.Body);
            await context.Response.WriteAsync(
                $"{before} {context.Request.CheckTrailersAvailable()} {context.Request.Headers.Trailer} {body} {context.Request.GetTrailer("X-Sum")} {context.Request.GetTrailer("X-None")}");
        });
        using var comparison = new Comparison(rig[via]);
        foreach (var end in new[] { "0\r\nX-Sum: 1\r\n\r\n", "0\r\nx-sum: 1\r\nX-Sum: 2\r\n\r\n", "0\r\nX-Sum:\r\n\r\n", "0\r\n\r\n" })
        {
            await comparison.AskAsync(to => to.Head("POST", "/", trailers, Chunked, "Trailer: X-Sum") + "5\r\nhello\r\n" + end, end);
            await comparison.AskAsync(to => to.Head("POST", "/", trailers, Chunked) + end, $"no body, {end}");
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay(Forwarded = true)]
    public async Task TrailersOfARequest_ReachTheTarget_NoneThatWouldChangeTheHead(Via via)
    {
        var way = rig.ToTarget(via);
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("POST", "/", Chunked)
            + "2\r\nhi\r\n0\r\nX-Sum: caf\xC3\xA9\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 9\r\nAuthorization: Basic x\r\nX_Forwarded_For: 6.6.6.6\r\n\r\n");
        using var target = await rig.Target.AcceptAsync();

        await target.ReadHeadAsync();
        Assert.Equal("2\r\nhi\r\n0\r\nX-Sum: caf\xC3\xA9\r\n", await target.ReadHeadAsync());
        await target.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");

        Assert.Equal(204, (await visitor.ReadResponseAsync().Soon()).Status);
    }

    /// <summary>Kestrel sends none on HTTP/1.1, so nothing announces them either.</summary>
    [Theory]
    [EveryWay(Forwarded = true)]
    public async Task TrailersOfAResponse_ThatTheVisitorCannotGet_AreNotAnnounced(Via via)
    {
        var way = rig.ToTarget(via);
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("GET", "/", "TE: trailers"));
        using var target = await rig.Target.AcceptAsync();

        Assert.DoesNotContain("TE: trailers", await target.ReadHeadAsync(), StringComparison.Ordinal);
        await target.SendAsync("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n");
        var response = await visitor.ReadResponseAsync().Soon();

        Assert.Equal(("hi", null), (response.Text, response.Header("Trailer")));
    }
}
