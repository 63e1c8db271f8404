using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Which headers pass the relay, which it sets, and which framing it refuses.</summary>
public sealed class HeaderTests
{
    [Fact]
    public async Task ForwardedHeaders_AreTheRelaysOwn()
    {
        await using var pair = await TunnelPair.StartAsync(Headers);

        var seen = await SeenAsync(pair,
            "X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 6.6.6.7", "X_Forwarded_For: 6.6.6.6", "X-Forwarded_For: 6.6.6.6", "Forwarded: for=6.6.6.6",
            "X-Forwarded-Proto: https", "X_Forwarded_Proto: https", "X-Forwarded-Host: evil.test", "X_FORWARDED_HOST: evil.test",
            "X-Forwarded-Prefix: /evil", "X-Forwarded-Port: 666", "X-Real-IP: 6.6.6.6", "X_Real_IP: 6.6.6.6", "X-Original-For: 6.6.6.6");

        Assert.Equal(
            [
                "Forwarded: for=127.0.0.1;host=\"any.test\";proto=http",
                "Host: any.test",
                "X-Forwarded-For: 127.0.0.1",
                "X-Forwarded-Host: any.test",
                "X-Forwarded-Prefix: /t/demo",
                "X-Forwarded-Proto: http",
            ],
            seen);
    }

    [Fact]
    public async Task SubdomainMode_HasNoForwardedPrefix()
    {
        await using var pair = await TunnelPair.StartAsync(Headers, hub => hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain);

        var response = await RawConnection.RequestAsync(
            pair.Hub.Url, "GET / HTTP/1.1\r\nHost: demo.tunnel.test\r\nX-Forwarded-Prefix: /evil\r\n\r\n");

        Assert.DoesNotContain("Prefix", response.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("X-Forwarded-Host: demo.tunnel.test", response.Text, StringComparison.Ordinal);
    }

    /// <summary>Beside <c>keep-alive</c>, <c>close</c> and <c>upgrade</c> Kestrel hides the names from the relay, as it does from the app itself.</summary>
    [Fact]
    public async Task HopByHopHeaders_AndThoseThatConnectionNames_AreRemoved()
    {
        await using var pair = await TunnelPair.StartAsync(Headers);

        var seen = await SeenAsync(pair,
            "Connection: X-Private ,x-also", "X-Private: 1", "X-Also: 1", "Keep-Alive: timeout=5", "TE: trailers", "Trailer: X-T",
            "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__");

        Assert.DoesNotContain(seen, header => !header.StartsWith("X-Forwarded-", StringComparison.Ordinal)
            && !header.StartsWith("Forwarded:", StringComparison.Ordinal) && !header.StartsWith("Host:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EndToEndHeaders_PassUntouched()
    {
        await using var pair = await TunnelPair.StartAsync(Headers);
        string[] sent =
        [
            "Accept: text/*;q=0.3, */*", "Accept-Encoding: gzip, br", "Authorization: Bearer a.b.c", "Cookie: a=1; b=\"2\"", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "User-Agent: curl/8", "X-Custom: one", "X-Custom: two, three", "X_Underscore: kept", "X-Empty: ",
        ];

        var seen = await SeenAsync(pair, sent);

        foreach (var header in sent)
        {
            Assert.Contains(header.TrimEnd(), seen.Select(line => line.TrimEnd()));
        }

        Assert.True(Array.IndexOf(seen, "X-Custom: one") < Array.IndexOf(seen, "X-Custom: two, three"));
    }

    [Fact]
    public async Task ResponseHeaders_OfOneConnectionOrTheWholeOrigin_StayAtTheRelay()
    {
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(context =>
            {
                context.Response.Headers.Connection = "X-Private";
                context.Response.Headers["X-Private"] = "1";
                context.Response.Headers.KeepAlive = "timeout=5";
                context.Response.Headers["Service-Worker-Allowed"] = "/";
                context.Response.Headers["Clear-Site-Data"] = "\"*\"";
                context.Response.Headers.StrictTransportSecurity = "max-age=1";
                context.Response.Headers["X-Kept"] = "1";
                return Task.CompletedTask;
            }),
            hub => hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain);

        var byPath = await RawConnection.RequestAsync(pair.Hub.Url, "GET /t/demo/ HTTP/1.1\r\nHost: any.test\r\n\r\n");
        var bySubdomain = await RawConnection.RequestAsync(pair.Hub.Url, "GET / HTTP/1.1\r\nHost: demo.tunnel.test\r\n\r\n");

        Assert.Equal(["Content-Length", "Date", "Server", "X-Kept"], Names(byPath));
        Assert.Equal(
            ["Clear-Site-Data", "Content-Length", "Date", "Server", "Service-Worker-Allowed", "Strict-Transport-Security", "X-Kept"], Names(bySubdomain));
    }

    [Fact]
    public async Task Cookies_OfATunnelInPathMode_StayUnderItsPrefix()
    {
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(context =>
            {
                context.Response.Headers.SetCookie = new[] { "hub=stolen; Path=/; Domain=any.test", "own=1; Path=/t/demo; HttpOnly" };
                context.Response.Headers["X-Private"] = "1"; // named by the Connection header behind it
                context.Response.Headers.Connection = "X-Private";
                return Task.CompletedTask;
            }),
            hub => hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain);

        var byPath = await RawConnection.RequestAsync(pair.Hub.Url, "GET /t/demo/ HTTP/1.1\r\nHost: any.test\r\n\r\n");
        var bySubdomain = await RawConnection.RequestAsync(pair.Hub.Url, "GET / HTTP/1.1\r\nHost: demo.tunnel.test\r\n\r\n");

        Assert.Equal(
            ["Set-Cookie: hub=stolen; path=/t/demo/", "Set-Cookie: own=1; Path=/t/demo; HttpOnly"],
            byPath.Headers.Where(header => header.StartsWith("Set-Cookie", StringComparison.Ordinal)));
        Assert.Contains("Set-Cookie: hub=stolen; Path=/; Domain=any.test", bySubdomain.Headers);
        Assert.DoesNotContain("X-Private", Names(byPath));
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5")]
    [InlineData("Transfer-Encoding: gzip, chunked")]
    [InlineData("Transfer-Encoding: identity, chunked")]
    [InlineData("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked")]
    public async Task AmbiguousFraming_Is400AndTheConnectionIsClosed(string framing)
    {
        var reached = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(_ =>
        {
            reached.Open();
            return Task.CompletedTask;
        }));
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);

        await visitor.SendAsync(
            $"POST /t/demo/ HTTP/1.1\r\nHost: any.test\r\n{framing}\r\n\r\n0\r\n\r\nGET /t/demo/smuggled HTTP/1.1\r\nHost: any.test\r\n\r\n");
        var response = await visitor.ReadResponseAsync().Soon();

        Assert.Equal(StatusCodes.Status400BadRequest, response.Status);
        Assert.Empty(await visitor.ReadToEndAsync().Soon());
        Assert.False(reached.Opened.IsCompleted);
    }

    private static void Headers(WebApplication app) => app.Run(context => context.Response.WriteAsync(string.Join('\n',
        context.Request.Headers.SelectMany(header => header.Value.Select(value => $"{header.Key}: {value}")))));

    private static async Task<string[]> SeenAsync(TunnelPair pair, params string[] headers)
    {
        var response = await RawConnection.RequestAsync(
            pair.Hub.Url, $"GET /t/demo/ HTTP/1.1\r\nHost: any.test\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n");
        Assert.Equal(StatusCodes.Status200OK, response.Status);

        // Kestrel keeps the order within a name only.
        // The relay's loop mark (RFC 8586) is fresh for each relay; that it is there once is all that can be said of it.
        Assert.Single(response.Text.Split('\n'), header => header.StartsWith("CDN-Loop: tunnel-", StringComparison.Ordinal));
        return [.. response.Text.Split('\n').Where(header => !header.StartsWith("CDN-Loop:", StringComparison.Ordinal)).OrderBy(header => header.Split(':')[0], StringComparer.OrdinalIgnoreCase)];
    }

    private static IEnumerable<string> Names(RawResponse response) =>
        response.Headers.Select(header => header.Split(':')[0]).Order(StringComparer.OrdinalIgnoreCase);
}
