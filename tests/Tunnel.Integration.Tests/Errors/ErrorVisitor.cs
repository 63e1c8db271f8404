using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Errors;

/// <summary>Visits one address in every way that there is, and compares what they are told.</summary>
/// <param name="hub">Its first address is HTTP/1.1's and its last one HTTP/2's; see <see cref="ListenTwice"/>.</param>
/// <param name="target">The request's target as it is on the wire.</param>
internal sealed class ErrorVisitor(TestHub hub, string target)
{
    private const string Handshake =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    private const string Browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";

    /// <summary>More header lines for each request.</summary>
    public (string Name, string Value)[] Headers { get; init; } = [];

    /// <summary>Lets visitors of HTTP/2 in without TLS, and large heads.</summary>
    public static void ListenTwice(HubSetup setup) => setup.Build += builder => builder.WebHost.ConfigureKestrel(server =>
    {
        server.Limits.MaxRequestHeadersTotalSize = 1024 * 1024;
        server.Limits.Http2.MaxRequestHeaderFieldSize = 1024 * 1024;
        server.Listen(IPAddress.Loopback, 0);
        server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
    });

    public async Task AssertAllAsync(int status, string code, bool comesBack)
    {
        var program = SendAsync("GET", "Accept: */*\r\n");
        var browser = SendAsync("GET", Browser);
        var programsHead = SendAsync("HEAD", string.Empty);
        var browsersHead = SendAsync("HEAD", Browser);
        var handshake = SendAsync("GET", Handshake);
        var extendedConnect = ConnectAsync();
        await Task.WhenAll(program, browser, programsHead, browsersHead, handshake, extendedConnect);

        foreach (var response in new[] { await program, await browser, await programsHead, await browsersHead, await handshake })
        {
            Assert.Equal((status, "no-store"), (response.Status, response.Header("Cache-Control")));
            Assert.Equal(comesBack, int.TryParse(response.Header("Retry-After"), out var seconds) && seconds > 0);
        }

        foreach (var response in new[] { await program, await handshake })
        {
            Assert.Equal("application/problem+json", response.Header("Content-Type"));
            using var problem = JsonDocument.Parse(response.Body);
            Assert.Equal(["type", "title", "status", "code"], problem.RootElement.EnumerateObject().Select(member => member.Name));
            Assert.Equal((status, code), (problem.RootElement.GetProperty("status").GetInt32(), problem.RootElement.GetProperty("code").GetString()));
            Assert.StartsWith("https://tools.ietf.org/html/rfc", problem.RootElement.GetProperty("type").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("text/html; charset=utf-8", (await browser).Header("Content-Type"));
        Assert.Contains($"<h1>{status}</h1>", (await browser).Text, StringComparison.Ordinal);
        Assert.Contains(code, (await browser).Text, StringComparison.Ordinal);
        AssertSameHead(await program, await programsHead);
        AssertSameHead(await browser, await browsersHead);
        Assert.Equal((status, comesBack, "no-store"), await extendedConnect);
    }

    private static void AssertSameHead(RawResponse get, RawResponse head)
    {
        Assert.Equal(get.StatusLine, head.StatusLine);
        Assert.Equal(Relevant(get), Relevant(head));

        static IEnumerable<string> Relevant(RawResponse response) =>
            response.Headers.Where(header => !header.StartsWith("Date:", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    private async Task<RawResponse> SendAsync(string method, string headers)
    {
        foreach (var (name, value) in Headers)
        {
            headers += $"{name}: {value}\r\n";
        }

        using var connection = await RawConnection.OpenAsync(hub.Url);
        await connection.SendAsync($"{method} {target} HTTP/1.1\r\nHost: {hub.Url.Authority}\r\n{headers}\r\n");
        return await connection.ReadResponseAsync(isHead: method == "HEAD").Soon();
    }

    /// <summary>An extended CONNECT (RFC 8441) that is refused.</summary>
    private async Task<(int Status, bool ComesBack, string? CacheControl)> ConnectAsync()
    {
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in Headers)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        using var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var uri = new Uri(
            $"ws://{new Uri(hub.App.Urls.Last()).Authority}{target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(uri, client, TestContext.Current.CancellationToken).Soon());
        var headers = socket.HttpResponseHeaders!;
        return (
            (int)socket.HttpStatusCode,
            headers.ContainsKey("Retry-After"),
            headers.TryGetValue("Cache-Control", out var cacheControl) ? string.Join(',', cacheControl) : null);
    }
}
