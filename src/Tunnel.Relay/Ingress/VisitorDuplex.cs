using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Carries the bytes of an upgraded connection both ways. One connection of the visitor is one exchange.</summary>
internal static class VisitorDuplex
{
    /// <summary>Holds a whole message of most WebSocket traffic; held only while there is something to send.</summary>
    private const int BufferSize = 16 * 1024;

    public static async Task RunAsync(HttpContext context, VisitorUpgrade upgrade, Exchange exchange)
    {
        if (upgrade.Kind == VisitorUpgradeKind.Messages)
        {
            await VisitorMessages.RunAsync(context, exchange);
            return;
        }

        await using var visitor = upgrade.Kind == VisitorUpgradeKind.ExtendedConnect
            ? await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync()
            : await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var inbound = SendAsync(visitor, exchange, ended.Token);
        try
        {
            await ReceiveAsync(exchange, visitor);
        }
        finally
        {
            // The agent's side is over: a stream that half of the parties have left serves nobody.
            await ended.CancelAsync();
            await inbound;
        }
    }

    private static async Task ReceiveAsync(Exchange exchange, Stream visitor)
    {
        try
        {
            while (true)
            {
                var result = await exchange.Input.ReadAsync();
                foreach (var segment in result.Buffer)
                {
                    await visitor.WriteAsync(segment);
                }

                exchange.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }

                await visitor.FlushAsync();
            }
        }
        catch (IOException exception) when (exception is not ExchangeException)
        {
            exchange.Abort(ErrorCode.Cancelled);
        }
    }

    private static async Task SendAsync(Stream visitor, Exchange exchange, CancellationToken ended)
    {
        try
        {
            while (true)
            {
                // An idle connection holds no buffer: a read of zero bytes waits without consuming.
                _ = await visitor.ReadAsync(Memory<byte>.Empty, ended);
                var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                try
                {
                    var count = await visitor.ReadAsync(buffer, ended);
                    if (count == 0)
                    {
                        exchange.End();
                        return;
                    }

                    if (!await exchange.WriteAsync(buffer.AsMemory(0, count)))
                    {
                        return;
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (OperationCanceledException)
        {
            exchange.End();
        }
        catch (IOException)
        {
            exchange.Abort(ErrorCode.Cancelled);
        }
    }
}
