using System.Buffers;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Bridges a visitor's WebSocket message by message, for servers that have no byte stream to give (an in-memory test server). The relay
/// is the WebSocket's server towards the visitor and its client towards the app behind the agent.
/// </summary>
internal static class VisitorMessages
{
    private const int BufferSize = 16 * 1024;

    public static async Task RunAsync(HttpContext context, Exchange exchange)
    {
        var subprotocol = context.Response.Headers.SecWebSocketProtocol.ToString();
        context.Response.Headers.Clear();
        var accept = new WebSocketAcceptContext { SubProtocol = subprotocol.Length == 0 ? null : subprotocol };
        using var visitor = await context.Features.GetRequiredFeature<IHttpWebSocketFeature>().AcceptAsync(accept);
        using var app = WebSocket.CreateFromStream(new UpgradeStream(exchange), new WebSocketCreationOptions
        {
            IsServer = false,
            SubProtocol = accept.SubProtocol,
            KeepAliveInterval = TimeSpan.Zero,
        });
        await Task.WhenAll(PumpAsync(visitor, app), PumpAsync(app, visitor));
        exchange.End();
    }

    private static async Task PumpAsync(WebSocket source, WebSocket destination)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (true)
            {
                var result = await source.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    await destination.CloseOutputAsync(
                        source.CloseStatus ?? WebSocketCloseStatus.NormalClosure, source.CloseStatusDescription, CancellationToken.None);
                    return;
                }

                await destination.SendAsync(buffer.AsMemory(0, result.Count), result.MessageType, result.EndOfMessage, CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException)
        {
            source.Abort();
            destination.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
