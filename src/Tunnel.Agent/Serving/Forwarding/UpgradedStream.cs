using System.Net.Sockets;
using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>The bytes both ways after a 101. The end of one direction ends that direction only; a failure of either ends both.</summary>
internal static class UpgradedStream
{
    public static async Task PumpAsync(ServedExchange served, OriginConnection connection, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAll(
            GuardAsync(SendAsync(served.Exchange, connection, either.Token)),
            GuardAsync(ReceiveAsync(served, connection, either.Token))).ConfigureAwait(false);

        async Task GuardAsync(Task direction)
        {
            try
            {
                await direction.ConfigureAwait(false);
            }
            catch
            {
                await either.CancelAsync().ConfigureAwait(false);
                connection.Abort();
                throw;
            }
        }
    }

    private static async Task SendAsync(Exchange exchange, OriginConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await exchange.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var segment in result.Buffer)
            {
                connection.Output.Write(segment.Span);
                if (connection.Output.IsFull)
                {
                    await connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            await connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            exchange.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        try
        {
            await connection.EndOutputAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The target has closed both directions already.
        }
    }

    private static async Task ReceiveAsync(ServedExchange served, OriginConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await connection.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var segment in result.Buffer)
            {
                await served.SendBodyAsync(segment).ConfigureAwait(false);
            }

            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                served.Exchange.End();
                return;
            }
        }
    }
}
