using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Forwarding;

public sealed class ResponseTests
{
    [Fact]
    public async Task DuplicateHeadersStayLinesOfTheirOwn_HopByHopOnesStay()
    {
        using var server = RawTarget.Answering(
            "HTTP/1.1 299 Fine by me\r\nSet-Cookie: a=1\r\nX-Long: 1\r\n  2\r\nSet-Cookie: b=2\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-L: \u00E9\r\nContent-Length: 0\r\n\r\n");
        await using var tunnel = new TunnelFixture(server.Url);

        var response = await tunnel.GetAsync("/");

        Assert.Equal((299, "Fine by me"), (response.Status, response.Reason));
        Assert.Equal(
            [("Set-Cookie", "a=1"), ("X-Long", "1 2"), ("Set-Cookie", "b=2"), ("X-L", "\u00E9"), ("Content-Length", "0")], response.Headers);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 200, "10")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 304, "10")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, null)]
    public async Task ResponseWithoutBodyEndsWithItsHead_ConnectionIsKept(string method, string answer, int status, string? length)
    {
        using var server = RawTarget.Answering(answer);
        await using var tunnel = new TunnelFixture(server.Url);
        for (var i = 0; i < 3; i++)
        {
            var response = await tunnel.GetAsync("/", 0, method);

            Assert.Equal((status, string.Empty, string.Empty), (response.Status, response.Text, response.Reason));
            Assert.Equal(length, response.Headers.Find(header => header.Name == "Content-Length").Value);
            var report = await tunnel.CompletedAsync();
            Assert.Equal((TunnelRequestOutcome.Completed, status, 0L), (report.Outcome, report.StatusCode, report.ResponseBytes));
        }

        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task ChunksArePassedOnWithTheirTrailers_ConnectionIsKept()
    {
        using var server = RawTarget.Answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;ext=1\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nX-Sum: 42\r\nContent-Length: 3\r\n\r\n");
        await using var tunnel = new TunnelFixture(server.Url);
        for (var i = 0; i < 2; i++)
        {
            var response = await tunnel.GetAsync("/");

            Assert.Equal("hello 0123456789", response.Text);
            Assert.Equal([("X-Sum", "42")], response.Trailers);
            Assert.DoesNotContain(response.Headers, header => header.Name == "Transfer-Encoding");
            Assert.Equal(16, (await tunnel.CompletedAsync()).ResponseBytes);
        }

        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task ChunksCutAtEveryPlaceGiveTheSameBody()
    {
        const string Answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\n!\r\n\r\n0\r\nA: b\r\n\r\n";
        using var server = new RawTarget(async connection =>
        {
            connection.SendAtOnce();
            while (await connection.ReadHeadAsync() is { Length: > 0 } head)
            {
                foreach (var character in Answer)
                {
                    await connection.WriteAsync(character.ToString());
                    await Task.Yield();
                }
            }
        });
        await using var tunnel = new TunnelFixture(server.Url);

        var response = await tunnel.GetAsync("/");

        Assert.Equal("hello!\r\n", response.Text);
        Assert.Equal([("A", "b")], response.Trailers);
    }

    [Fact]
    public async Task ResponseThatEndsWithItsConnectionIsWhole()
    {
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.0 200 OK\n\nuntil the end");
        });
        await using var tunnel = new TunnelFixture(server.Url);

        Assert.Equal("until the end", (await tunnel.GetAsync("/")).Text);
    }

    [Fact]
    public async Task InformationalHeadsArePassedOn_AFloodOfThemIsCut()
    {
        using var server = RawTarget.Answering(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
            + string.Concat(Enumerable.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100)) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("GET", "/");
        Assert.Equal(TunnelRequestOutcome.Completed, (await tunnel.CompletedAsync()).Outcome);

        var first = await VisitorResponse.ReadHeadAsync(exchange);
        var count = 1;
        var last = await VisitorResponse.ReadHeadAsync(exchange);
        for (; last.Status == 102; count++)
        {
            last = await VisitorResponse.ReadHeadAsync(exchange);
        }

        Assert.Equal((103, "</a.css>"), (first.Status, first.Headers[0].Value));
        Assert.Equal((200, 15), (last.Status, count));
    }

    [Fact]
    public async Task LengthThatIsSaidTwiceIsPassedOnOnce()
    {
        using var target = RawTarget.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok");
        await using var tunnel = new TunnelFixture(target.Url);

        var response = await tunnel.GetAsync("/");

        Assert.Equal([("Content-Length", "2")], response.Headers);
        Assert.Equal("ok", response.Text);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n")]
    public async Task BodyCutShortIsResetAndNeverEnds(string answer)
    {
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(answer);
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("GET", "/");

        await Assert.ThrowsAsync<ExchangeException>(() => VisitorResponse.ReadAsync(exchange));

        Assert.Equal(TunnelRequestOutcome.Failed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    public async Task AnswerThatIsNoResponseFailsTheExchange(string answer)
    {
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(answer);
        });
        await using var tunnel = new TunnelFixture(server.Url);

        var exception = await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync("/"));

        Assert.Equal(Wire.Frames.ErrorCode.Failed, exception.Code);
        Assert.Equal(TunnelRequestOutcome.Failed, (await tunnel.CompletedAsync()).Outcome);
    }
}
