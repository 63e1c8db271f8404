using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tunnel.Agent.Serving.Forwarding;
using Tunnel.Agent.Tests.Dialing;
using Tunnel.Agent.Tests.Relays;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Forwarding;

/// <summary>Targets that are spoken to over HTTP/2.</summary>
public sealed class Http2TargetTests
{
    private static readonly (string, string) Grpc = ("content-type", "application/grpc+proto");

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("Application/gRPC; charset=x", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grpc-web+proto", false)]
    [InlineData("application/json", false)]
    public async Task GrpcCallsGoByHttp2_AndNothingElse(string contentType, bool isHttp2)
    {
        using var authority = new TestAuthority("ours");
        using var certificate = authority.Issue("localhost");
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http1AndHttp2, EchoHead, certificate);
        await using var tunnel = new TunnelFixture($"https://localhost:{server.Port}");

        var response = await tunnel.GetAsync("/", method: "POST", headers: ("Content-Type", contentType));

        Assert.Contains(isHttp2 ? "HTTP/2" : "HTTP/1.1", response.Text, StringComparison.Ordinal);
        Assert.Equal(isHttp2, response.Text.Contains("TE: trailers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task HeadAndTrailersPassUnchanged()
    {
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, async context =>
        {
            context.Response.Headers.Append("X-Two", "one");
            context.Response.Headers.Append("X-Two", "two, three");
            context.Response.Headers["X-Empty"] = "";
            await EchoHead(context);
            context.Response.AppendTrailer("grpc-status", "0");
            context.Response.AppendTrailer("X-Twice", "a");
        });
        await using var tunnel = new TunnelFixture($"h2c://127.0.0.1:{server.Port}");

        const string target = "/a%2Fb//c/./%7e?q=%zz&x=[1]|\"#f";
        var response = await tunnel.GetAsync("/t/demo" + target, prefix: 7, headers: [("X-Name", "v1"), ("X-Name", "v2"), ("Content-Language", "de"), ("X-Octets", "\u00C3\u00A9")]);

        Assert.Contains($"GET {target} HTTP/2\n", response.Text, StringComparison.Ordinal);
        Assert.Contains($"Host: 127.0.0.1:{server.Port}\n", response.Text, StringComparison.Ordinal);
        Assert.Contains("X-Name: v1, v2\n", response.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Content-Language: de\n", response.Text, StringComparison.Ordinal);
        Assert.Contains("x-octets: \u00C3\u00A9\n", response.Text, StringComparison.OrdinalIgnoreCase); // UTF-8, seen octet by octet
        Assert.DoesNotContain("trace", response.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["one", "two, three"], response.Headers.Where(header => header.Name == "x-two" || header.Name == "X-Two").Select(header => header.Value));
        Assert.Contains(response.Headers, header => header.Name.Equals("x-empty", StringComparison.OrdinalIgnoreCase) && header.Value.Length == 0);
        Assert.Equal([("grpc-status", "0"), ("x-twice", "a")], response.Trailers.Select(trailer => (trailer.Item1.ToLowerInvariant(), trailer.Item2)));
    }

    [Theory]
    [InlineData(null, "localhost")]
    [InlineData("preserve", "visitor.example")]
    [InlineData("app.internal:81", "app.internal:81")]
    [InlineData("my_app.internal", "my_app.internal")]
    [InlineData("[::1]:81", "[::1]:81")]
    public async Task UnixSocketAndHostRule(string? rule, string expected)
    {
        var socket = Path.Combine(Path.GetTempPath(), $"tunnel-{Guid.NewGuid():N}.sock");
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, EchoHead, socket: socket);
        await using var tunnel = new TunnelFixture($"unix://{socket}", rule);

        Assert.Contains($"Host: {expected}\n", (await tunnel.GetAsync("/", method: "POST", headers: Grpc)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BodiesFlowBothWaysAtOnce_BeginningWithEither()
    {
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, async context =>
        {
            await context.Response.Body.FlushAsync();
            while (await context.Request.BodyReader.ReadAsync() is { IsCompleted: false } read)
            {
                await context.Response.BodyWriter.WriteAsync(read.Buffer.First);
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            }

            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var tunnel = new TunnelFixture($"http://127.0.0.1:{server.Port}");
        using var exchange = tunnel.Open("POST", "/", hasBody: true, headers: Grpc);

        Assert.Equal(200, (await VisitorResponse.ReadHeadAsync(exchange)).Status);
        for (var i = 0; i < 5; i++)
        {
            await exchange.WriteAsync(Encoding.ASCII.GetBytes($"ping {i}"));
            Assert.Equal($"ping {i}", await VisitorResponse.ReadTextAsync(exchange, 6));
        }

        exchange.End();
        Assert.Empty(await VisitorResponse.ReadSomeAsync(exchange));
        Assert.True(exchange.TryReadTrailers(out var trailers));
        trailers.Dispose();
        Assert.Equal(TunnelRequestOutcome.Completed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task VisitorWhoLeavesResetsTheStreamAtTheTarget(bool inMidUpload)
    {
        var arrived = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, async context =>
        {
            context.RequestAborted.Register(left.SetResult);
            await context.Response.Body.FlushAsync();
            arrived.SetResult();
            await left.Task.InTime();
        });
        await using var tunnel = new TunnelFixture($"http://127.0.0.1:{server.Port}");
        using var exchange = tunnel.Open("POST", "/", hasBody: inMidUpload, headers: Grpc);
        await arrived.Task.InTime();

        exchange.Abort(ErrorCode.Cancelled);

        await left.Task.InTime();
        Assert.Equal(TunnelRequestOutcome.Aborted, (await tunnel.CompletedAsync()).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StreamThatTheTargetResetsNeverLooksComplete(bool afterBody)
    {
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, async context =>
        {
            if (afterBody)
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
            }

            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(2);
        });
        await using var tunnel = new TunnelFixture($"h2c://127.0.0.1:{server.Port}");

        await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync("/"));

        Assert.Equal(TunnelRequestOutcome.Failed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task EarlyResponseEndsTheExchangeAndStopsTheUpload()
    {
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, context =>
        {
            context.Response.StatusCode = 413;
            return context.Response.WriteAsync("big");
        });
        await using var tunnel = new TunnelFixture($"h2c://127.0.0.1:{server.Port}");
        using var exchange = tunnel.Open("POST", "/", hasBody: true);
        await exchange.WriteAsync(new byte[1000]);

        var response = await VisitorResponse.ReadAsync(exchange);

        Assert.Equal((413, "big"), (response.Status, response.Text));
        Assert.Equal(TunnelRequestOutcome.Completed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TargetWithoutHttp2CountsAsUnreachable(bool tls)
    {
        using var authority = new TestAuthority("ours");
        using var certificate = authority.Issue("localhost");
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http1, EchoHead, tls ? certificate : null);
        await using var tunnel = new TunnelFixture($"{(tls ? "https" : "http")}://localhost:{server.Port}");

        var exception = await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync("/", method: "POST", headers: Grpc));

        Assert.Equal(ErrorCode.TargetUnreachable, exception.Code);
    }

    /// <summary>Any visitor can make such calls, between others that the target answers.</summary>
    [Fact]
    public async Task TargetWithoutHttp2IsLoggedOnce()
    {
        var log = new RecordedLog();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http1, EchoHead);
        await using var tunnel = new TunnelFixture($"http://localhost:{server.Port}", log: factory.CreateLogger<ForwardingServer>());

        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync("/", method: "POST", headers: Grpc));
            await tunnel.GetAsync("/");
        }

        Assert.Equal(240, Assert.Single(log.Entries, entry => entry.Level >= LogLevel.Information).Id);
    }

    [Theory]
    [InlineData(1024 * 1024)]
    public async Task ResponseArrivesWhole_WhenTheAppDoesNotReadTheRequestsEnd(int size)
    {
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, async context =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[size]);
            await context.Response.Body.WriteAsync(new byte[size]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var tunnel = new TunnelFixture($"h2c://127.0.0.1:{server.Port}");
        using var exchange = tunnel.Open("POST", "/", hasBody: true, headers: Grpc);
        var reading = VisitorResponse.ReadAsync(exchange);
        await exchange.WriteAsync(new byte[size], end: true);

        var response = await reading;

        Assert.Equal(size, response.Body.Length);
        Assert.Single(response.Trailers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BodyThatIsHeldBackIsAskedForWhenTheTargetAsks(bool asks)
    {
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, async context =>
        {
            if (asks)
            {
                await context.Request.Body.CopyToAsync(context.Response.Body);
            }
            else
            {
                context.Response.StatusCode = 413;
            }
        });
        await using var tunnel = new TunnelFixture($"h2c://127.0.0.1:{server.Port}");
        using var exchange = tunnel.Open("POST", "/", hasBody: true, expect: true, headers: ("Expect", "100-continue"));

        if (asks)
        {
            Assert.True(await exchange.WaitForCreditAsync().InTime());
            await exchange.WriteAsync("body"u8.ToArray(), end: true);
        }

        var response = await VisitorResponse.ReadAsync(exchange);
        Assert.Equal(asks ? (200, "body") : (413, string.Empty), (response.Status, response.Text));
        Assert.True(asks || !exchange.HasCredit);
    }

    [Fact]
    public async Task WebSocketIsAnExtendedConnectThere()
    {
        await using var server = await TargetApp.StartAsync(HttpProtocols.Http2, async context =>
        {
            var connect = context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>();
            Assert.Equal("websocket", connect.Protocol);
            context.Response.Headers.SecWebSocketProtocol = context.Request.Headers.SecWebSocketProtocol;
            await using var stream = await connect.AcceptAsync();
            await stream.WriteAsync("hi"u8.ToArray());
            var buffer = new byte[100];
            while (await stream.ReadAsync(buffer) is > 0 and var count && buffer[0] != '!')
            {
                await stream.WriteAsync(buffer.AsMemory(0, count));
            }
        });
        await using var tunnel = new TunnelFixture($"h2c://127.0.0.1:{server.Port}");
        using var exchange = tunnel.Open("GET", "/ws", upgrade: true, headers:
            [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "chat")]);

        var head = await VisitorResponse.ReadHeadAsync(exchange);
        Assert.Equal(101, head.Status);
        Assert.Contains(("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), head.Headers); // RFC 6455 section 1.3
        Assert.Contains(head.Headers, header => header == ("Sec-WebSocket-Protocol", "chat"));
        Assert.Equal("hi", await VisitorResponse.ReadTextAsync(exchange, 2));
        await exchange.WriteAsync("echo"u8.ToArray());
        Assert.Equal("echo", await VisitorResponse.ReadTextAsync(exchange, 4));
        await exchange.WriteAsync("!"u8.ToArray());
        Assert.Empty(await VisitorResponse.ReadSomeAsync(exchange));
        Assert.Equal(TunnelRequestOutcome.Completed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task TargetThatIsDownIsToldApart()
    {
        await using var tunnel = new TunnelFixture("h2c://127.0.0.1:1");

        var exception = await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync("/"));

        Assert.Equal(ErrorCode.TargetUnreachable, exception.Code);
    }

    private static Task EchoHead(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        var head = new StringBuilder($"{request.Method} {request.RawTarget} {request.Protocol}\n");
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                head.Append($"{name}: {value}\n");
            }
        }

        return context.Response.WriteAsync(head.ToString());
    }
}
