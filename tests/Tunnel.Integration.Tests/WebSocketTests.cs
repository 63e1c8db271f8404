using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>WebSockets of visitors, to an app that takes them as on its own server.</summary>
public sealed class WebSocketTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_OfEveryKindAndSize_AreEchoed()
    {
        await using var pair = await StartAsync(EchoAsync);
        using var visitor = await ConnectAsync(pair);

        foreach (var (content, type) in new[]
        {
            ("grüße"u8.ToArray(), WebSocketMessageType.Text),
            ([], WebSocketMessageType.Text),
            ([0, 255, 1], WebSocketMessageType.Binary),
            (RandomNumberGenerator.GetBytes(1024 * 1024), WebSocketMessageType.Binary),
            (Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(1024 * 1024)), WebSocketMessageType.Text),
        })
        {
            await visitor.SendAsync(content, type, endOfMessage: true, Stop);
            var (received, receivedType) = await ReceiveAsync(visitor).Soon();
            Assert.Equal(type, receivedType);
            Assert.True(content.AsSpan().SequenceEqual(received));
        }
    }

    [Fact]
    public async Task Fragments_StayFragments()
    {
        await using var pair = await StartAsync(async socket =>
        {
            await socket.SendAsync("one"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: false, Stop);
            await socket.SendAsync("two"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Stop);
            await socket.ReceiveAsync(new byte[1], Stop);
        });
        using var visitor = await ConnectAsync(pair);

        var buffer = new byte[100];
        var first = await visitor.ReceiveAsync(buffer, Stop).Soon();
        Assert.Equal((3, false), (first.Count, first.EndOfMessage));
        var second = await visitor.ReceiveAsync(buffer, Stop).Soon();
        Assert.Equal((3, true), (second.Count, second.EndOfMessage));
    }

    [Fact]
    public async Task Close_ByTheVisitor_CarriesCodeAndReasonBothWays()
    {
        var seen = new TaskCompletionSource<(WebSocketCloseStatus?, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = await StartAsync(async socket =>
        {
            await socket.ReceiveAsync(new byte[1], Stop);
            seen.SetResult((socket.CloseStatus, socket.CloseStatusDescription));
            await socket.CloseAsync((WebSocketCloseStatus)4002, "and bye to you", Stop);
        });
        using var visitor = await ConnectAsync(pair);

        await visitor.CloseAsync((WebSocketCloseStatus)4001, "bye", Stop).Soon();

        Assert.Equal(((WebSocketCloseStatus?)4001, "bye"), await seen.Task.Soon());
        Assert.Equal(((WebSocketCloseStatus?)4002, "and bye to you"), (visitor.CloseStatus, visitor.CloseStatusDescription));
    }

    [Fact]
    public async Task Close_ByTheApp_CarriesCodeAndReasonBothWays()
    {
        var seen = new TaskCompletionSource<(WebSocketCloseStatus?, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = await StartAsync(async socket =>
        {
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "not you", Stop);
            seen.SetResult((socket.CloseStatus, socket.CloseStatusDescription));
        });
        using var visitor = await ConnectAsync(pair);

        var result = await visitor.ReceiveAsync(new byte[1], Stop).Soon();
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "not you"), (result.CloseStatus, result.CloseStatusDescription));
        await visitor.CloseAsync((WebSocketCloseStatus)4003, "all right", Stop).Soon();

        Assert.Equal(((WebSocketCloseStatus?)4003, "all right"), await seen.Task.Soon());
    }

    [Fact]
    public async Task Subprotocol_IsTheAppsChoice()
    {
        await using var pair = await StartAsync(EchoAsync, "chat.v2");
        using var visitor = await ConnectAsync(pair, "chat.v1", "chat.v2");

        Assert.Equal("chat.v2", visitor.SubProtocol);
    }

    [Fact]
    public async Task Compression_IsNegotiatedByTheAppAndTheVisitor()
    {
        await using var pair = await TunnelPair.StartAsync(app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync(
                    new WebSocketAcceptContext { DangerousEnableCompression = true });
                await EchoAsync(socket);
            });
        });
        using var visitor = new ClientWebSocket();
        visitor.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        visitor.Options.CollectHttpResponseDetails = true;
        await visitor.ConnectAsync(WebSocketUri(pair), Stop).Soon();

        Assert.Contains("permessage-deflate", visitor.HttpResponseHeaders!["Sec-WebSocket-Extensions"].Single(), StringComparison.Ordinal);
        var text = Encoding.ASCII.GetBytes(new string('x', 100_000));
        await visitor.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, Stop);
        Assert.Equal(text, (await ReceiveAsync(visitor).Soon()).Content);
    }

    [Fact]
    public async Task RefusedByTheApp_StatusReachesTheVisitorAndTheTunnelGoesOn()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return context.Response.WriteAsync("not for you");
        }));
        using var visitor = new ClientWebSocket();
        visitor.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => visitor.ConnectAsync(WebSocketUri(pair), Stop).Soon());

        Assert.Equal(HttpStatusCode.Forbidden, visitor.HttpStatusCode);
        using var response = await pair.Visitor.GetAsync("again", Stop);
        Assert.Equal("not for you", await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task VisitorGoesWithoutClosing_AppHearsOfIt()
    {
        var gone = new Gate();
        await using var pair = await StartAsync(async socket =>
        {
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[1], Stop));
            gone.Open();
        });
        var visitor = await ConnectAsync(pair);

        visitor.Abort();

        await gone.Opened.Soon();
    }

    [Fact]
    public async Task AppGoesWithoutClosing_VisitorHearsOfIt()
    {
        await using var pair = await StartAsync(socket =>
        {
            socket.Abort();
            return Task.CompletedTask;
        });
        using var visitor = await ConnectAsync(pair);

        await Assert.ThrowsAsync<WebSocketException>(() => visitor.ReceiveAsync(new byte[1], Stop).Soon());
    }

    private static Task<TunnelPair> StartAsync(Func<WebSocket, Task> serve, string? subprotocol = null) => TunnelPair.StartAsync(app =>
    {
        app.UseWebSockets();
        app.Run(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(subprotocol);
            await serve(socket);
        });
    });

    private static Uri WebSocketUri(TunnelPair pair) => new UriBuilder(new Uri(pair.PublicUrl, "ws")) { Scheme = "ws" }.Uri;

    private static async Task<ClientWebSocket> ConnectAsync(TunnelPair pair, params string[] subprotocols)
    {
        var socket = new ClientWebSocket();
        foreach (var subprotocol in subprotocols)
        {
            socket.Options.AddSubProtocol(subprotocol);
        }

        await socket.ConnectAsync(WebSocketUri(pair), Stop).Soon();
        return socket;
    }

    private static async Task EchoAsync(WebSocket socket)
    {
        while (await ReceiveAsync(socket) is { Type: not WebSocketMessageType.Close } message)
        {
            await socket.SendAsync(message.Content, message.Type, endOfMessage: true, Stop);
        }
    }

    private static async Task<(byte[] Content, WebSocketMessageType Type)> ReceiveAsync(WebSocket socket)
    {
        var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        WebSocketReceiveResult result;
        do
        {
            result = await socket.ReceiveAsync(buffer, Stop);
            content.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);
        return (content.ToArray(), result.MessageType);
    }
}
