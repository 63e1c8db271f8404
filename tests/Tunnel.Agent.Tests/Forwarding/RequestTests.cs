using System.Net.Sockets;
using System.Text;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Forwarding;

public sealed class RequestTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [InlineData("/a%2Fb", 0, "/a%2Fb")]
    [InlineData("/a//b/", 0, "/a//b/")]
    [InlineData("/a/../b/./c", 0, "/a/../b/./c")]
    [InlineData("/a/%2e%2e/b", 0, "/a/%2e%2e/b")]
    [InlineData("/a?", 0, "/a?")]
    [InlineData("/a?b=c?d=%zz&|", 0, "/a?b=c?d=%zz&|")]
    [InlineData("//evil/x", 0, "//evil/x")]
    [InlineData("/t/demo//evil.example/x", 7, "//evil.example/x")]
    [InlineData("/t/demo", 7, "/")]
    [InlineData("/t/demo?x", 7, "/?x")]
    [InlineData("/@evil.example/", 0, "/@evil.example/")]
    public async Task TargetReachesTheServerByteForByte(string target, int prefix, string expected)
    {
        var seen = string.Empty;
        using var server = RawTarget.Answering(Ok, head => seen = head);
        await using var tunnel = new TunnelFixture(server.Url);

        var response = await tunnel.GetAsync(target, prefix);

        Assert.Equal((200, "ok"), (response.Status, response.Text));
        Assert.StartsWith($"GET {expected} HTTP/1.1\r\nHost: {server.Authority}\r\n", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("preserve", "visitor.example")]
    [InlineData("app.internal:81", "app.internal:81")]
    public async Task HostFollowsTheRule(string? rule, string? expected)
    {
        var seen = string.Empty;
        using var server = RawTarget.Answering(Ok, head => seen = head);
        await using var tunnel = new TunnelFixture(server.Url, rule);

        await tunnel.GetAsync("/", headers: ("Host", "other.example"));

        Assert.Equal($"GET / HTTP/1.1\r\nHost: {expected ?? server.Authority}\r\n\r\n", seen);
    }

    [Fact]
    public async Task HeadersKeepOrderAndDuplicates_HopByHopOnesStay_NothingIsAdded()
    {
        var seen = string.Empty;
        using var server = RawTarget.Answering(Ok, head => seen = head);
        await using var tunnel = new TunnelFixture(server.Url);

        await tunnel.GetAsync(
            "/", 0, "GET", ("X-B", "1"), ("X-A", "2"), ("X-B", "3, 4"), ("Connection", "x-hop, keep-alive"), ("X-Hop", "gone"), ("Keep-Alive", "5"),
            ("Transfer-Encoding", "chunked"), ("Upgrade", "h2c"), ("X-Latin", "caf\u00E9"), ("Cookie", "a=b"));

        Assert.Equal(
            $"GET / HTTP/1.1\r\nHost: {server.Authority}\r\nX-B: 1\r\nX-A: 2\r\nX-B: 3, 4\r\nX-Latin: caf\u00E9\r\nCookie: a=b\r\n\r\n", seen);
    }

    [Theory]
    [InlineData("GET /x HTTP/1.1\r\nA:b\r\n\r\nGET", "/")]
    [InlineData("GET", "/x y")]
    [InlineData("GET", "/x\r\nX: y")]
    public async Task LineThatWouldSplitTheRequestNeverReachesTheServer(string method, string target)
    {
        using var server = RawTarget.Answering(Ok);
        await using var tunnel = new TunnelFixture(server.Url);

        await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync(target, 0, method));

        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task BodyOfKnownLengthGoesAsItIs_OtherwiseInChunksWithTrailers()
    {
        var bodies = new List<string>();
        using var server = new RawTarget(async connection =>
        {
            while (await connection.ReadHeadAsync() is { Length: > 0 } head)
            {
                var isChunked = head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.Ordinal);
                bodies.Add(await connection.ReadUntilAsync(isChunked ? "\r\n\r\n" : "hello"));
                await connection.WriteAsync(Ok);
            }
        });
        await using var tunnel = new TunnelFixture(server.Url);

        using (var known = tunnel.Open("POST", "/", hasBody: true, headers: ("Content-Length", "5")))
        {
            await known.WriteAsync("hello"u8.ToArray(), end: true);
            Assert.Equal("ok", (await VisitorResponse.ReadAsync(known)).Text);
        }

        using (var unknown = tunnel.Open("POST", "/", hasBody: true))
        {
            await unknown.WriteAsync("hello"u8.ToArray());
            SendTrailer(unknown);
            Assert.Equal("ok", (await VisitorResponse.ReadAsync(unknown)).Text);
        }

        Assert.Equal("hello", bodies[0]);
        Assert.Contains("hello\r\n0\r\nX-Sum: 1\r\n\r\n", bodies[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task BodyShorterThanItsLengthIsNeverCompletedForTheServer()
    {
        var rest = new TaskCompletionSource<string>();
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            rest.SetResult(await connection.ReadUntilAsync("\0"));
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("POST", "/", hasBody: true, headers: ("Content-Length", "9"));

        await exchange.WriteAsync("hello"u8.ToArray(), end: true);

        await Assert.ThrowsAsync<ExchangeException>(() => VisitorResponse.ReadHeadAsync(exchange));
        Assert.Equal(TunnelRequestOutcome.Failed, (await tunnel.CompletedAsync()).Outcome);
        Assert.True((await rest.Task.InTime()).Length <= 5);
    }

    [Fact]
    public async Task ExpectedContinue_BodyIsAskedForWhenTheServerAsks()
    {
        var mayContinue = new TaskCompletionSource();
        using var server = new RawTarget(async connection =>
        {
            Assert.Contains("Expect: 100-continue\r\n", await connection.ReadHeadAsync(), StringComparison.Ordinal);
            await mayContinue.Task;
            await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await connection.ReadUntilAsync("hello");
            await connection.WriteAsync(Ok);
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open(
            "POST", "/", hasBody: true, expect: true, headers: [("Content-Length", "5"), ("Expect", "100-continue")]);

        var credit = exchange.WaitForCreditAsync().AsTask();
        Assert.False(credit.IsCompleted);
        mayContinue.SetResult();
        Assert.True(await credit.InTime());
        await exchange.WriteAsync("hello"u8.ToArray(), end: true);

        Assert.Equal("ok", (await VisitorResponse.ReadAsync(exchange)).Text);
    }

    [Fact]
    public async Task ExpectedContinue_RefusalIsPassedOnWithoutTheBody()
    {
        using var server = RawTarget.Answering("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig");
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open(
            "POST", "/", hasBody: true, expect: true, headers: [("Content-Length", "5"), ("Expect", "100-continue")]);

        var response = await VisitorResponse.ReadAsync(exchange);

        Assert.Equal((413, "big"), (response.Status, response.Text));
        Assert.False(await exchange.WaitForCreditAsync().InTime());
    }

    [Fact]
    public async Task UnixSocketIsATargetToo()
    {
        var path = Path.Combine(Path.GetTempPath(), $"forward-{Guid.NewGuid():N}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var head = Task.Run(async () =>
        {
            using var connection = new RawConnection(await listener.AcceptAsync());
            var seen = await connection.ReadHeadAsync();
            await connection.WriteAsync(Ok);
            return seen;
        });
        await using var tunnel = new TunnelFixture($"unix://{path}");

        Assert.Equal("ok", (await tunnel.GetAsync("/x")).Text);
        Assert.Equal("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", await head);
        File.Delete(path);
    }

    private static void SendTrailer(Exchange exchange)
    {
        using var writer = Wire.Codec.HeadWriter.Rent();
        writer.Header("X-Sum", "1");
        writer.EndHeaders();
        exchange.EndWithTrailers(writer.Written);
    }
}
