using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>WebSockets of visitors on HTTP/1.1 and on HTTP/2, to an app's pipeline, and forwarded to it over HTTP/1.1 and HTTP/2.</summary>
public sealed class WebSocketTests(Http2Rig rig) : IClassFixture<Http2Rig>
{
    /// <summary>Around where the length in a frame's head, and pieces on the way, get larger.</summary>
    private static readonly int[] Sizes =
        [0, 1, 125, 126, 127, 16_371, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 1024 * 1024];

    public static TheoryData<AppTarget, Listener> Ways => new(
        from target in new[]
        {
            AppTarget.InProcessByPath, AppTarget.InProcessBySubdomain, AppTarget.ForwardedByPath, AppTarget.ForwardedBySubdomain, AppTarget.Http2,
        }
        from listener in new[] { Listener.Http1, Listener.Http2 }
        select (target, listener));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Messages_OfEveryKindAndSize_AreEchoed(AppTarget target, Listener listener)
    {
        using var visitor = await ConnectAsync(target, listener, EchoAsync);
        foreach (var size in Sizes)
        {
            var text = Encoding.UTF8.GetBytes(new string('ü', size / 2) + (size % 2 == 0 ? "" : "x"));
            foreach (var (content, type) in new[]
            {
                (text, WebSocketMessageType.Text), (RandomNumberGenerator.GetBytes(size), WebSocketMessageType.Binary),
            })
            {
                await visitor.SendAsync(content, type, endOfMessage: true, Stop);
                var (received, receivedType) = await ReceiveAsync(visitor).Soon($"the echo of {size} bytes");
                Assert.Equal(type, receivedType);
                Assert.True(content.AsSpan().SequenceEqual(received), $"{size} bytes of {type} came back changed.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Fragments_StayFragments_BothWays(AppTarget target, Listener listener)
    {
        using var visitor = await ConnectAsync(target, listener, async socket =>
        {
            var buffer = new byte[100];
            for (var i = 0; i < 2; i++)
            {
                var fragment = await socket.ReceiveAsync(buffer, Stop);
                await socket.SendAsync(buffer.AsMemory(0, fragment.Count), fragment.MessageType, fragment.EndOfMessage, Stop);
            }

            await socket.ReceiveAsync(buffer, Stop);
        });

        await visitor.SendAsync("one"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: false, Stop);
        await visitor.SendAsync("three"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Stop);

        var buffer = new byte[100];
        var first = await visitor.ReceiveAsync(buffer, Stop).Soon();
        Assert.Equal((3, false), (first.Count, first.EndOfMessage));
        var second = await visitor.ReceiveAsync(buffer, Stop).Soon();
        Assert.Equal((5, true), (second.Count, second.EndOfMessage));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Close_ByTheVisitor_CarriesCodeAndReasonBothWays(AppTarget target, Listener listener)
    {
        var seen = new TaskCompletionSource<(WebSocketCloseStatus?, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var visitor = await ConnectAsync(target, listener, async socket =>
        {
            await socket.ReceiveAsync(new byte[1], Stop);
            seen.SetResult((socket.CloseStatus, socket.CloseStatusDescription));
            await socket.CloseAsync((WebSocketCloseStatus)4002, "and bye to you", Stop);
        });

        await visitor.CloseAsync((WebSocketCloseStatus)4001, "tschüß", Stop).Soon();

        Assert.Equal(((WebSocketCloseStatus?)4001, "tschüß"), await seen.Task.Soon());
        Assert.Equal(((WebSocketCloseStatus?)4002, "and bye to you"), (visitor.CloseStatus, visitor.CloseStatusDescription));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Close_ByTheApp_CarriesCodeAndReasonBothWays(AppTarget target, Listener listener)
    {
        var seen = new TaskCompletionSource<(WebSocketCloseStatus?, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var visitor = await ConnectAsync(target, listener, async socket =>
        {
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "not you", Stop);
            seen.SetResult((socket.CloseStatus, socket.CloseStatusDescription));
        });

        var result = await visitor.ReceiveAsync(new byte[1], Stop).Soon();
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "not you"), (result.CloseStatus, result.CloseStatusDescription));
        await visitor.CloseAsync((WebSocketCloseStatus)4003, "all right", Stop).Soon();

        Assert.Equal(((WebSocketCloseStatus?)4003, "all right"), await seen.Task.Soon());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task SubprotocolAndCompression_AreAgreedOnByTheAppAndTheVisitor(AppTarget target, Listener listener)
    {
        var handler = rig.Serve(app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                Assert.Equal(["chat.v1", "chat.v2"], context.WebSockets.WebSocketRequestedProtocols);
                Assert.Equal("a=1; b=2", context.Request.Headers.Cookie);
                context.Response.Headers.SetCookie = "c=3; path=/";
                using var socket = await context.WebSockets.AcceptWebSocketAsync(
                    new WebSocketAcceptContext { SubProtocol = "chat.v2", DangerousEnableCompression = true });
                await EchoAsync(socket);
            });
        });
        using var visitor = await ConnectAsync(target, listener, handler, options =>
        {
            options.AddSubProtocol("chat.v1");
            options.AddSubProtocol("chat.v2");
            options.SetRequestHeader("Cookie", "a=1; b=2");
            options.DangerousDeflateOptions = new WebSocketDeflateOptions();
            options.CollectHttpResponseDetails = true;
        });

        Assert.Equal("chat.v2", visitor.SubProtocol);
        Assert.Contains("permessage-deflate", visitor.HttpResponseHeaders!["Sec-WebSocket-Extensions"].Single(), StringComparison.Ordinal);
        Assert.StartsWith("c=3;", visitor.HttpResponseHeaders["Set-Cookie"].Single(), StringComparison.Ordinal);
        var text = Encoding.ASCII.GetBytes(new string('x', 100_000));
        await visitor.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, Stop);
        Assert.Equal(text, (await ReceiveAsync(visitor).Soon()).Content);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task RefusedByTheApp_StatusReachesTheVisitorAndTheTunnelGoesOn(AppTarget target, Listener listener)
    {
        var refusing = rig.Serve(context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return context.Response.WriteAsync("not for you");
        });
        using var visitor = Create(rig[target, listener], listener, refusing);
        visitor.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(visitor, target, listener).Soon());

        Assert.Equal(HttpStatusCode.Forbidden, visitor.HttpStatusCode);
        using var again = await ConnectAsync(target, listener, EchoAsync);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task VisitorGoesWithoutClosing_AppHearsOfIt(AppTarget target, Listener listener)
    {
        var gone = new Gate();
        var visitor = await ConnectAsync(target, listener, async socket =>
        {
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[1], Stop));
            gone.Open();
        });

        visitor.Abort();

        await gone.Opened.Soon();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task AppGoesWithoutClosing_VisitorHearsOfIt(AppTarget target, Listener listener)
    {
        using var visitor = await ConnectAsync(target, listener, async socket =>
        {
            await socket.ReceiveAsync(new byte[1], Stop);
            socket.Abort();
        });
        await visitor.SendAsync("!"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Stop);

        await Assert.ThrowsAsync<WebSocketException>(() => visitor.ReceiveAsync(new byte[1], Stop).Soon());
    }

    private Task<ClientWebSocket> ConnectAsync(AppTarget target, Listener listener, Func<WebSocket, Task> serve) =>
        ConnectAsync(target, listener, rig.Serve(app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await serve(socket);
            });
        }));

    private async Task<ClientWebSocket> ConnectAsync(
        AppTarget target, Listener listener, string handler, Action<ClientWebSocketOptions>? configure = null)
    {
        var socket = Create(rig[target, listener], listener, handler);
        configure?.Invoke(socket.Options);
        await ConnectAsync(socket, target, listener).Soon("the handshake");
        return socket;
    }

    private async Task ConnectAsync(ClientWebSocket socket, AppTarget target, Listener listener)
    {
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, UseCookies = false }, disposeHandler: false);
        await socket.ConnectAsync(new UriBuilder(new Uri(rig[target, listener].Address, "ws")) { Scheme = "ws" }.Uri, invoker, Stop);
    }

    private static ClientWebSocket Create(Way way, Listener listener, string handler)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = listener == Listener.Http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.SetRequestHeader("Host", way.Host);
        socket.Options.SetRequestHeader(handler.Split(": ")[0], handler.Split(": ")[1]);
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
