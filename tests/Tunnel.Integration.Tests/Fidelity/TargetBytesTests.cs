using System.Globalization;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>The octets between a forwarding agent and its target, which a server library would not show.</summary>
public sealed class TargetBytesTests(AdaptedRig rig) : IClassFixture<AdaptedRig>
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>Kestrel keeps neither the order between names nor the case of those that it knows; nothing may depend on either (RFC 9110 section 5.3).</summary>
    [Theory]
    [EveryWay("GET", "DELETE", "OPTIONS", "X-TOKEN", Forwarded = true)]
    public async Task Request_IsTheVisitorsLinesAndTheRelays(Via via, string method)
    {
        string[] lines =
        [
            "accept: */*", "X-Odd-CASE: Kept as  it is", "Cookie: a=1; b=2", "X-List: 2", "X-List: 1, 3", "Authorization: Basic abc=", "X-Empty: ", "If-None-Match: \"a\"", "Accept-Encoding: gzip;q=0",
        ];
        var way = rig.ToTarget(via);
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head(method, "//a/%2e/b?c#d", lines));
        using var target = await rig.Target.AcceptAsync();

        var request = await target.ReadRequestAsync().Soon();
        await target.SendAsync(Answer);

        Assert.Equal($"{method} //a/%2e/b?c#d HTTP/1.1", request.StatusLine);
        Assert.Equal($"Host: {way.Host}", request.Headers[0]); // first, where naive servers look
        Assert.Equal(
            lines.Select(Comparable).Order(StringComparer.Ordinal),
            request.Headers.Skip(1).Where(line => !Allowed.IsRelays(line.Split(':')[0])).Select(Comparable).Order(StringComparer.Ordinal));
        Assert.Equal(["2", "1, 3"], request.Headers.Where(line => line.StartsWith("X-List:", StringComparison.OrdinalIgnoreCase)).Select(line => line[8..]));
        Assert.Contains("X-Odd-CASE: Kept as  it is", request.Headers);
        Assert.Equal("ok", (await visitor.ReadResponseAsync().Soon()).Text);
    }

    /// <summary>A length stays one, and chunks stay chunks, though not their sizes (RFC 9112 section 7.1).</summary>
    [Theory]
    [EveryWay(0, 1, 100_000, Forwarded = true)]
    public async Task RequestBody_IsFramedAsTheVisitorFramedIt(Via via, int size)
    {
        var way = rig.ToTarget(via);
        foreach (var chunked in new[] { true, false })
        {
            var body = Pattern.Of(size);
            using var visitor = await RawConnection.OpenAsync(way.Url);
            await visitor.SendAsync(way.Head("POST", "/", chunked ? "Transfer-Encoding: chunked" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {size}")));
            if (chunked && size > 0)
            {
                await visitor.SendChunkAsync(body);
            }

            await visitor.SendAsync(chunked ? "0\r\n\r\n"u8.ToArray() : body);
            using var target = await rig.Target.AcceptAsync();

            var request = await target.ReadRequestAsync().Soon();
            await target.SendAsync(Answer);

            Assert.Equal((chunked ? "chunked" : null, chunked ? null : $"{size}"), (request.Header("Transfer-Encoding"), request.Header("Content-Length")));
            Assert.Equal(body, request.Body);
            Assert.Equal("ok", (await visitor.ReadResponseAsync().Soon()).Text);
        }
    }

    [Theory]
    [EveryWay(Forwarded = true)]
    public async Task Responses_AreSeenAsFromTheTarget(Via via)
    {
        var way = rig.ToTarget(via);
        using var comparison = new Comparison(way, keepsConnections: false);
        foreach (var answer in new[]
        {
            Answer,
            "HTTP/1.1 200 OK\r\nDate: Sat, 29 Oct 1994 19:43:31 GMT\r\nServer: a\r\nServer: b\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 Very Fine, (indeed)\r\nX-Odd-CASE: a  b\r\nX-List: 2\r\nX-List: 1, 3\r\nX-Empty:\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nX-A:a\r\nX-B:  b \t\r\nContent-Length:2\r\n\r\nok",
            "HTTP/1.1 301 Moved Permanently\r\nLocation: http://other.test/\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\", Bearer\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\n<p/>\r\n0;x\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 1234\r\n\r\n",
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nown",
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nown",
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nown",
            "HTTP/1.1 999 Odd\r\nContent-Length: 3\r\n\r\nown",
        })
        {
            var serving = AnswerTwiceAsync(answer);
            await comparison.AskAsync(to => to.Head("GET", "/"), answer, forget: "Date: ");
            await serving.Soon();
        }

        foreach (var answer in new[]
        {
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        })
        {
            var serving = AnswerTwiceAsync(answer);
            await comparison.AskAsync(to => to.Head("HEAD", "/"), "HEAD " + answer, forget: "Date: ");
            await serving.Soon();
        }

        comparison.AssertSame();
    }

    private static string Comparable(string line) => line.IndexOf(':', StringComparison.Ordinal) is var colon
        ? line[..colon].ToUpperInvariant() + ": " + line[(colon + 1)..].Trim()
        : line;

    /// <summary>Once for the direct visitor, and once for the agent.</summary>
    private async Task AnswerTwiceAsync(string answer)
    {
        for (var visitor = 0; visitor < 2; visitor++)
        {
            using var connection = await rig.Target.AcceptAsync();
            await connection.ReadHeadAsync();
            await connection.SendAsync(answer);
        }
    }
}
