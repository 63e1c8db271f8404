using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Visitors on HTTP/2, without TLS and with it.</summary>
public sealed class Http2VisitorTests(Http2Rig rig) : IClassFixture<Http2Rig>
{
    private static readonly int[] Sizes = [0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 1024 * 1024 + 1, 4_000_000];

    [Theory]
    [EveryWay]
    public async Task Targets_AreSeenAsWithoutTheTunnel(Via via)
    {
        var way = rig[via, Listener.Http2];
        using var direct = new Http2Visitor(way.Direct!);
        using var tunnelled = new Http2Visitor(way);
        using var comparison = new Comparison(way);

        // Kestrel takes bytes outside ASCII in a target of HTTP/2, and none in one of HTTP/1.1.
        foreach (var target in RawTargets.All.Where(target => via < Via.ForwardedByPath || Ascii.IsValid(target)))
        {
            comparison.Check(target, await OutcomeAsync(direct, target), await OutcomeAsync(tunnelled, target));
        }

        comparison.AssertSame();

        // A target is spoken to in HTTP/1.1, whatever the visitor speaks.
        async Task<string> OutcomeAsync(Http2Visitor visitor, string target) => (await visitor.OutcomeAsync(target))
            .Replace(via < Via.ForwardedByPath ? "\0" : "\nprotocol HTTP/2\n", "\nprotocol HTTP/1.1\n", StringComparison.Ordinal);
    }

    [Fact]
    public async Task CookiesInSeveralFields_AreOneLineAtATarget()
    {
        // RFC 9113 section 8.2.3.
        var way = rig.ToTarget(Via.ForwardedByPath) with { Url = rig.HubUrl(Listener.Http2) };
        using var visitor = await RawHttp2.OpenAsync(way.Url);
        await visitor.SendHeadAsync(1, end: true, [.. Fields("GET", way, "/"), ("cookie", "a=1"), ("x-between", "x"), ("cookie", "b=2; c=3"), ("cookie", "d=4")]);

        using var connection = await rig.Target.AcceptAsync();
        var request = await connection.ReadRequestAsync().Soon();

        Assert.Equal(["Cookie: a=1; b=2; c=3; d=4"], request.Headers.Where(header => header.StartsWith("cookie:", StringComparison.OrdinalIgnoreCase)));
        Assert.StartsWith("GET / HTTP/1.1", request.StatusLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrailersOfAnHttp1Target_ReachTheVisitor()
    {
        var way = rig.ToTarget(Via.ForwardedBySubdomain) with { Url = rig.HubUrl(Listener.Http2Tls) };
        using var client = Http2Rig.CreateClient(Listener.Http2Tls);
        using var request = Request(HttpMethod.Get, way, "/", Listener.Http2Tls);
        var asking = client.SendAsync(request, TunnelPair.Stop);
        using (var connection = await rig.Target.AcceptAsync())
        {
            await connection.ReadRequestAsync().Soon();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n");
            using var response = await asking.Soon();
            Assert.Equal("abc", await response.Content.ReadAsStringAsync(TunnelPair.Stop));
            Assert.Equal(["1", "2"], response.TrailingHeaders.GetValues("x-sum"));
        }
    }

    [Theory]
    [EveryWay(Listener.Http2, Listener.Http2Tls)]
    public async Task BodiesOfEverySize_PassBothWays_OnManyStreamsAtOnce(Via via, Listener listener)
    {
        var echo = rig.Serve(async context =>
        {
            context.Response.Headers["x-protocol"] = context.Request.Protocol;
            context.Response.ContentType = "application/octet-stream";

            // The client reads no answer before it has sent all.
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            body.Position = 0;
            await body.CopyToAsync(context.Response.Body);
        });
        using var client = Http2Rig.CreateClient(listener, handler => handler.EnableMultipleHttp2Connections = false);
        await Task.WhenAll(Enumerable.Range(0, 80).Select(async i =>
        {
            // The large ones among many small ones.
            var body = RandomNumberGenerator.GetBytes(i < Sizes.Length ? Sizes[i] : i);
            using var request = Request(HttpMethod.Post, rig[via, listener], $"/{i}", listener, echo);
            request.Content = new ByteArrayContent(body);
            using var response = await client.SendAsync(request, TunnelPair.Stop);
            var received = await response.Content.ReadAsByteArrayAsync(TunnelPair.Stop);
            Assert.True(body.AsSpan().SequenceEqual(received), $"{body.Length} bytes were sent and {received.Length} came back.");
        })).Soon("all bodies to come back");
    }

    [Theory]
    [EveryWay]
    public async Task VisitorWhoResetsAStream_IsGoneForTheApp_AndTheOthersGoOn(Via via)
    {
        var entered = new Gate();
        var aborted = new Gate();
        var read = new TaskCompletionSource<string>();
        var handler = rig.Serve(async context =>
        {
            using var registration = context.RequestAborted.Register(aborted.Open);
            await context.Request.Body.ReadExactlyAsync(new byte[4]);
            entered.Open();
            try
            {
                read.SetResult($"{await context.Request.Body.ReadAsync(new byte[4])} bytes, as if it had ended");
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                await aborted.Opened.Soon();
                read.SetResult("broken");
            }
        });
        var way = rig[via, Listener.Http2];
        using var visitor = await RawHttp2.OpenAsync(way.Url);
        await visitor.SendHeadAsync(1, end: false, [.. Fields("POST", way, "/"), Field(handler)]);
        await visitor.SendDataAsync(1, "some"u8.ToArray());
        await entered.Opened.Soon();

        await visitor.ResetAsync(1, code: 8);

        Assert.Equal("broken", await read.Task.Soon());
        await visitor.SendHeadAsync(3, end: true, Fields("GET", way, "/after"));
        Assert.Equal("200", (await visitor.ReadStreamAsync(3).Soon()).Status);
    }

    [Theory]
    [EveryWay(false, true)]
    public async Task AppThatAborts_ResetsTheVisitorsStream(Via via, bool afterBody)
    {
        var arrived = new Gate();
        var handler = rig.Serve(async context =>
        {
            if (afterBody)
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                await arrived.Opened.Soon();
            }

            context.Abort();
        });
        var way = rig[via, Listener.Http2];
        using var visitor = await RawHttp2.OpenAsync(way.Url);
        await visitor.SendHeadAsync(1, end: true, [.. Fields("GET", way, "/"), Field(handler)]);

        var (status, _) = await visitor.ReadStreamAsync(1, onData: arrived.Open).Soon();

        if (afterBody)
        {
            Assert.StartsWith("200 reset ", status, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal("502", status);
        }
    }

    [Theory]
    [InlineData(Listener.Http2Tls, "HTTP/2", "h2")]
    [InlineData(Listener.Http1Tls, "HTTP/1.1", "http/1.1")]
    public async Task TlsIsAgreedOnByTheVisitorsOffer(Listener listener, string protocol, string alpn)
    {
        using var client = Http2Rig.CreateClient(listener);
        var way = rig[Via.InProcessByPath, listener];
        using var request = Request(HttpMethod.Get, way, "/x", listener);
        using var response = await client.SendAsync(request, TunnelPair.Stop).Soon();

        var seen = (await response.Content.ReadAsStringAsync(TunnelPair.Stop)).Split('\n');
        Assert.Contains($"protocol {protocol}", seen);
        Assert.Contains("scheme https", seen);
        Assert.Contains("> X-Forwarded-Proto: https", seen);
        Assert.Contains($"> Forwarded: for=127.0.0.1;host=\"{way.Host}\";proto=https", seen);

        using var socket = new TcpClient();
        await socket.ConnectAsync(way.Url.Host, way.Url.Port, TunnelPair.Stop);
        await using var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [new(alpn)] }, TunnelPair.Stop);
        Assert.Equal(alpn, tls.NegotiatedApplicationProtocol.ToString());
    }

    [Theory]
    [EveryWay]
    public async Task VisitorOnIPv6_IsNamedInBrackets(Via via)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        var way = rig[via, Listener.IPv6];
        var host = via is Via.InProcessByPath or Via.ForwardedByPath ? $"[::1]:{way.Url.Port}" : way.Host;
        way = way with { Host = host };

        var response = await RawConnection.RequestAsync(way.Url, way.Head("GET", "/six"));

        var seen = response.Text.Split('\n');
        Assert.Contains($"host {host}", seen);
        Assert.Contains("> X-Forwarded-For: ::1", seen);
        Assert.Contains($"> X-Forwarded-Host: {host}", seen);
        Assert.Contains($"> Forwarded: for=\"[::1]\";host=\"{host}\";proto=http", seen);
    }

    private static HttpRequestMessage Request(HttpMethod method, Way way, string target, Listener listener, string? handler = null)
    {
        var version = listener is Listener.Http1Tls ? HttpVersion.Version11 : HttpVersion.Version20;
        var request = new HttpRequestMessage(method, new Uri(way.Url, way.Prefix + target))
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { Host = way.Host },
        };
        if (handler is not null)
        {
            request.Headers.Add(handler.Split(": ")[0], handler.Split(": ")[1]);
        }

        return request;
    }

    private static (string, string)[] Fields(string method, Way way, string target) => RawHttp2.Fields(method, way, target);

    private static (string, string) Field(string header) => (header.Split(": ")[0].ToLowerInvariant(), header.Split(": ")[1]);
}
