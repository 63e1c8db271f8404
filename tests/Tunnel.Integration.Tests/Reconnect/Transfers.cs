using System.Net;
using System.Net.WebSockets;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>A visitor's side of each exchange of <see cref="TransferApp"/>: fails when anything is not as without a tunnel.</summary>
internal static class Transfers
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task RunAsync(string kind, TunnelPair pair, int seed) => (kind switch
    {
        "download" => DownloadAsync(pair, seed),
        "upload" => UploadAsync(pair, seed),
        "echo" => EchoAsync(pair, seed),
        "expect" => ExpectAsync(pair, seed),
        "events" => EventsAsync(pair, seed),
        "head" => HeadAsync(pair, seed),
        "socket" => SocketAsync(pair, seed),
        "upgrade" => UpgradeAsync(pair, seed),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    }).Soon($"{kind} {seed}");

    private static async Task DownloadAsync(TunnelPair pair, int seed)
    {
        using var response = await pair.Visitor.GetAsync($"download/{seed}", Stop);
        var bytes = await response.Content.ReadAsByteArrayAsync(Stop);
        Assert.Equal(TransferApp.Hash(TransferApp.Bytes(seed, TransferApp.Length)), TransferApp.Hash(bytes));
    }

    /// <summary>By the test server, because Kestrel gives HTTP/1.1 visitors no trailers.</summary>
    public static async Task TrailersAsync(VirtualAgent agent, int seed)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, agent.Target($"/download/{seed}")) { Version = HttpVersion.Version20 };
        using var response = await agent.SendAsync(request).Soon();
        var bytes = await response.Content.ReadAsByteArrayAsync(Stop).Soon();
        Assert.Equal(TransferApp.Hash(TransferApp.Bytes(seed, TransferApp.Length)), TransferApp.Hash(bytes));
        Assert.Equal(TransferApp.Hash(bytes), Assert.Single(response.TrailingHeaders).Value.Single());
    }

    private static async Task UploadAsync(TunnelPair pair, int seed)
    {
        var bytes = TransferApp.Bytes(seed, TransferApp.Length);
        using var content = new ByteArrayContent(bytes);
        using var response = await pair.Visitor.PostAsync("upload", content, Stop);
        Assert.Equal($"{bytes.Length} {TransferApp.Hash(bytes)}", await response.Content.ReadAsStringAsync(Stop));
    }

    private static async Task EchoAsync(TunnelPair pair, int seed)
    {
        var bytes = TransferApp.Bytes(seed, TransferApp.Length);
        using var request = new HttpRequestMessage(HttpMethod.Post, "echo") { Content = new ByteArrayContent(bytes) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await pair.Visitor.SendAsync(request, Stop);
        Assert.Equal(TransferApp.Hash(bytes), TransferApp.Hash(await response.Content.ReadAsByteArrayAsync(Stop)));
    }

    /// <summary>Sends its body when the app has asked for it, which is said once.</summary>
    private static async Task ExpectAsync(TunnelPair pair, int seed)
    {
        var bytes = TransferApp.Bytes(seed, 50_000);
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync($"POST {TunnelPair.Prefix}/upload HTTP/1.1\r\nHost: any.test\r\nContent-Length: {bytes.Length}\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n", await visitor.ReadHeadAsync());
        await visitor.SendAsync(bytes);
        Assert.Equal($"{bytes.Length} {TransferApp.Hash(bytes)}", (await visitor.ReadResponseAsync()).Text);
    }

    private static async Task EventsAsync(TunnelPair pair, int seed)
    {
        var expected = string.Concat(Enumerable.Range(0, TransferApp.Events).Select(number => TransferApp.Event(seed, number)));
        Assert.Equal(expected, await pair.Visitor.GetStringAsync($"events/{seed}", Stop));
    }

    private static async Task HeadAsync(TunnelPair pair, int seed)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"head/{seed}");
        var large = $"{seed}-{new string('x', 20_000)}";
        request.Headers.Add("X-Large", large);
        using var response = await pair.Visitor.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        for (var number = 0; number < 20; number++)
        {
            Assert.Equal(TransferApp.Field(seed, number), response.Headers.GetValues($"X-Field-{number}").Single());
        }

        Assert.Equal(large, await response.Content.ReadAsStringAsync(Stop));
    }

    private static async Task SocketAsync(TunnelPair pair, int seed)
    {
        using var visitor = new ClientWebSocket();
        await visitor.ConnectAsync(new UriBuilder(new Uri(pair.PublicUrl, "socket")) { Scheme = "ws" }.Uri, Stop);
        foreach (var length in new[] { 1, 0, 20_000, 70_000, 3 })
        {
            var message = TransferApp.Bytes(seed + length, length);
            await visitor.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, Stop);
            var received = new MemoryStream();
            var buffer = new byte[16 * 1024];
            ValueWebSocketReceiveResult part;
            do
            {
                part = await visitor.ReceiveAsync(buffer.AsMemory(), Stop);
                Assert.Equal(WebSocketMessageType.Binary, part.MessageType);
                received.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            Assert.Equal(message, received.ToArray());
        }

        await visitor.CloseAsync((WebSocketCloseStatus)4000, "bye", Stop);
        Assert.Equal((WebSocketCloseStatus)4001, visitor.CloseStatus);
    }

    private static async Task UpgradeAsync(TunnelPair pair, int seed)
    {
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync($"GET {TunnelPair.Prefix}/upgrade HTTP/1.1\r\nHost: any.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await visitor.ReadHeadAsync(), StringComparison.Ordinal);
        foreach (var length in new[] { 1, 60_000, 7, 20_000 })
        {
            var bytes = TransferApp.Bytes(seed + length, length);
            await visitor.SendAsync(bytes);
            Assert.Equal(bytes, await visitor.ReadAsync(length));
        }
    }
}
