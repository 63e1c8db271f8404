using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Many requests on one connection are as many requests to the app, and their answers come in order.</summary>
public sealed class PipeliningTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    [Theory]
    [EveryWay]
    public async Task RequestsInOneSegment_AreAnsweredInOrder(Via via)
    {
        // With bodies read, left and absent, and headers of one that must not be left in the next.
        var ignoring = rig.Serve(context => context.Response.WriteAsync($"ignored {context.Request.Path}"));
        using var comparison = new Comparison(rig[via]);
        await comparison.ConverseAsync(
            to => string.Concat(Enumerable.Range(0, 60).Select(n => (n % 5) switch
            {
                0 => to.Head("GET", $"/{n}", $"X-Only: {n}"),
                1 => to.Head("POST", $"/{n}", "Content-Length: 5") + "hello",
                2 => to.Head("POST", $"/{n}", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n",
                3 => to.Head("POST", $"/{n}", "Content-Length: 5", ignoring) + "hello",
                _ => to.Head("PUT", $"/{n}", "Transfer-Encoding: chunked", ignoring) + "5\r\nhello\r\n0\r\n\r\n",
            })) + to.Head("GET", "/last", "Connection: close"),
            "sixty");

        // What is refused ends the connection after the answers to what came before.
        foreach (var refused in new[] { "GET /\0 HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "\0\0\0\0" })
        {
            await comparison.ConverseAsync(to => to.Head("GET", "/1") + to.Head("GET", "/2") + refused + to.Head("GET", "/3"), refused);
        }

        comparison.AssertSame();
    }

    /// <summary>Reused connections and request objects keep nothing of the visitor before.</summary>
    [Theory]
    [EveryWay]
    public async Task ManyVisitorsAtOnce_GetTheirOwnAnswers(Via via)
    {
        var way = rig[via];
        await Task.WhenAll(Enumerable.Range(0, 24).Select(async number =>
        {
            using var visitor = new Visitor(way);
            for (var turn = 0; turn < 12; turn++)
            {
                var name = $"{number}-{turn}";
                var body = new string((char)('a' + number), number * 1000 + turn);
                var response = await visitor.AskAsync(turn % 3 == 0
                    ? way.Head("GET", $"/{name}", $"X-{name}: {name}")
                    : way.Head("POST", $"/{name}", $"X-{name}: {name}", $"Content-Length: {body.Length}") + body);

                var lines = response.Text.Split('\n');
                Assert.Contains($"path /{name}", lines);
                Assert.Equal($"> X-{name}: {name}", Assert.Single(lines, line => line.StartsWith("> X-", StringComparison.Ordinal) && char.IsDigit(line[4])));
                Assert.Contains("body " + Seen.Of(turn % 3 == 0 ? [] : System.Text.Encoding.ASCII.GetBytes(body)), lines);
            }
        }));
    }

    [Theory]
    [EveryWay]
    public async Task HeadThatComesByteByByte_IsReadAsOne_AndHoldsNobodyUp(Via via)
    {
        var way = rig[via];
        using var slow = await RawConnection.OpenAsync(way.Url);
        using var other = new Visitor(way);
        foreach (var piece in way.Head("POST", "/slow", "Content-Length: 2").Chunk(7))
        {
            await slow.SendAsync(new string(piece));
            Assert.Equal(200, (await other.AskAsync(way.Head("GET", "/other"))).Status);
        }

        await slow.SendAsync("o");
        Assert.Equal(200, (await other.AskAsync(way.Head("GET", "/other"))).Status);
        await slow.SendAsync("k");

        var response = await slow.ReadResponseAsync().Soon();
        Assert.Contains("body " + Seen.Of("ok"u8), response.Text, StringComparison.Ordinal);
    }
}
