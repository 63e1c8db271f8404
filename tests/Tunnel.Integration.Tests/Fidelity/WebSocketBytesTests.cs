using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>What WebSockets are made of: the handshake's lines, and frames as bytes that nobody on the way reads.</summary>
public sealed class WebSocketBytesTests(Http2Rig rig) : IClassFixture<Http2Rig>
{
    private static readonly string[] Handshake =
    [
        "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: chat, superchat", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-other",
        "Origin: http://page.test", "Cookie: a=1; b=2", "Authorization: Bearer t",
    ];

    private static readonly string[] HandshakeOnHttp2 = [.. Handshake.Where(line =>
        !line.StartsWith("Connection", StringComparison.Ordinal) && !line.StartsWith("Upgrade", StringComparison.Ordinal) && !line.StartsWith("Sec-WebSocket-Key", StringComparison.Ordinal))];

    public static TheoryData<AppTarget, Listener> Ways => WebSocketTests.Ways;

    [Theory]
    [EveryWay]
    public async Task Handshake_IsSeenAndRefusedAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        await comparison.AskAsync("GET", "/ws?x=1", Handshake);
        var refusing = rig.Serve(async context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await context.Response.WriteAsync("who are you?");
        });
        await comparison.AskAsync("GET", "/ws", [.. Handshake, refusing]);
        await comparison.AskAsync("GET", "/ws", [.. Handshake, rig.Serve(context =>
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        })]);
        comparison.AssertSame();
    }

    [Theory]
    [EveryWay]
    public async Task AcceptedHandshake_IsAnsweredAsWithoutTheTunnel(Via via)
    {
        var accepting = rig.Serve(AcceptAsync);
        using var comparison = new Comparison(rig[via]);
        comparison.Check("101", await HeadAsync(rig[via].Direct!), await HeadAsync(rig[via]));
        comparison.AssertSame();

        async Task<string> HeadAsync(Way way)
        {
            using var visitor = await RawConnection.OpenAsync(way.Url);
            await visitor.SendAsync(way.Head("GET", "/ws", [.. Handshake, accepting]));
            var lines = (await visitor.ReadHeadAsync().Soon()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains("Connection: Upgrade", lines);
            return Allowed.Of(new RawResponse(lines[0], 101, lines[1..]));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Frames_AreUntouched(AppTarget target, Listener listener)
    {
        // Masked text in two fragments with a ping between them, a compressed message (RSV1), a pong, lengths of all three forms, a close
        // with code and reason, and what is no frame at all.
        byte[][] pieces =
        [
            [0x01, 0x83, 1, 2, 3, 4, 5, 6, 7], [0x89, 0x80, 0, 0, 0, 0], [0x80, 0x82, 9, 9, 9, 9, 1, 1],
            [0xC1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [0x8A, 0x00],
            [0x82, 0x7E, 0x00, 0x7E, .. RandomNumberGenerator.GetBytes(126)],
            [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0, .. RandomNumberGenerator.GetBytes(65_536)],
            [0x88, 0x85, 0, 0, 0, 0, 0x03, 0xE8, .. "bye"u8], [0xFF, 0xFF, 0x00],
        ];
        var handler = rig.Serve(AcceptAsync);
        var way = rig[target, listener];
        using var visitor = listener == Listener.Http2 ? await OpenOnHttp2Async(way, handler) : await OpenAsync(way, handler);
        foreach (var piece in pieces)
        {
            await visitor.SendAsync(piece);
            Assert.Equal(Convert.ToHexString(piece), Convert.ToHexString(await visitor.ReadAsync(piece.Length).Soon()));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task RefusedHandshake_HasStatusAndBody(AppTarget target, Listener listener)
    {
        var handler = rig.Serve(context =>
        {
            context.Response.StatusCode = StatusCodes.Status418ImATeapot;
            return context.Response.WriteAsync("no coffee");
        });
        var way = rig[target, listener];
        if (listener == Listener.Http2)
        {
            using var visitor = await RawHttp2.OpenAsync(way.Url);
            await visitor.SendHeadAsync(1, end: false, ConnectFields(way, handler));
            var (status, body) = await visitor.ReadStreamAsync(1).Soon();
            Assert.Equal(("418", "no coffee"), (status, Encoding.ASCII.GetString(body)));
            return;
        }

        var response = await RawConnection.RequestAsync(way.Url, way.Head("GET", "/ws", [.. Handshake, handler]));
        Assert.Equal((418, "no coffee"), (response.Status, response.Text));
    }

    /// <summary>Accepts and sends every byte back, as a stream and not as a WebSocket.</summary>
    private static async Task AcceptAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.SecWebSocketProtocol = "superchat";
        response.Headers.SecWebSocketExtensions = "permessage-deflate";
        response.Headers.SetCookie = new[] { "c=3", "d=4" };
        response.Headers["X-Custom"] = request.Headers.Cookie;
        Stream stream;
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            stream = await connect.AcceptAsync();
        }
        else
        {
            response.Headers.SecWebSocketAccept = Convert.ToBase64String(
                SHA1.HashData(Encoding.ASCII.GetBytes(request.Headers.SecWebSocketKey + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
            response.Headers.Upgrade = "websocket";
            stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        }

        await using (stream)
        {
            await stream.CopyToAsync(stream, context.RequestAborted);
        }
    }

    private static async Task<RawStream> OpenAsync(Way way, string handler)
    {
        var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("GET", "/ws", [.. Handshake, handler]));
        var head = await visitor.ReadHeadAsync().Soon();
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head, StringComparison.Ordinal);
        return new RawStream(visitor, bytes => visitor.SendAsync(bytes), visitor.ReadAsync);
    }

    private static async Task<RawStream> OpenOnHttp2Async(Way way, string handler)
    {
        var visitor = await RawHttp2.OpenAsync(way.Url);
        await visitor.SendHeadAsync(1, end: false, ConnectFields(way, handler));
        var received = new List<byte>();
        return new RawStream(visitor, bytes => visitor.SendDataAsync(1, bytes), async count =>
        {
            while (received.Count < count)
            {
                var frame = await visitor.ReadAsync();
                if (frame is { Type: Http2Frame.Data, Stream: 1 })
                {
                    Assert.False(frame.IsEnd);
                    received.AddRange(frame.Payload);
                }
            }

            var bytes = received[..count].ToArray();
            received.RemoveRange(0, count);
            return bytes;
        });
    }

    private static (string, string)[] ConnectFields(Way way, string handler) =>
    [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", way.Host), (":path", way.Prefix + "/ws"),
        .. HandshakeOnHttp2.Append(handler).Select(line => (line.Split(": ")[0].ToLowerInvariant(), line.Split(": ")[1])),
    ];

    private sealed record RawStream(IDisposable Connection, Func<byte[], Task> SendAsync, Func<int, Task<byte[]>> ReadAsync) : IDisposable
    {
        public void Dispose() => Connection.Dispose();
    }
}
