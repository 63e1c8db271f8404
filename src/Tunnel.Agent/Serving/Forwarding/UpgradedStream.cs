using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>The bytes both ways after a 101. The end of one direction ends that direction only; a failure of either ends both.</summary>
internal static class UpgradedStream
{
    public static async Task PumpAsync(ServedExchange served, OriginConnection connection)
    {
        using var stop = new CancellationTokenSource();
        await Task.WhenAll(
            GuardAsync(SendAsync(served.Exchange, connection, stop.Token)),
            GuardAsync(ReceiveAsync(served, connection))).ConfigureAwait(false);

        async Task GuardAsync(Task direction)
        {
            try
            {
                await direction.ConfigureAwait(false);
            }
            catch
            {
                connection.Abort();
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private static async Task SendAsync(Exchange exchange, OriginConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await exchange.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            await connection.Output.SendAsync(result.Buffer, isChunk: false).ConfigureAwait(false);
            await connection.Output.FlushAsync().ConfigureAwait(false);
            exchange.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        await connection.TryEndOutputAsync().ConfigureAwait(false);
    }

    private static async Task ReceiveAsync(ServedExchange served, OriginConnection connection)
    {
        do
        {
            var unread = connection.Input.Unread;
            await served.SendBodyAsync(unread).ConfigureAwait(false);
            connection.Input.Consume(unread.Length);
        }
        while (await connection.Input.ReadPatientlyAsync().ConfigureAwait(false));

        served.Exchange.End();
    }
}
