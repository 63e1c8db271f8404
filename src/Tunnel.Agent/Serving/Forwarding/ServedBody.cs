using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Sends and counts a response's body.</summary>
internal static class ServedBody
{
    /// <exception cref="ExchangeException">The visitor reads no more.</exception>
    public static async ValueTask SendBodyAsync(this ServedExchange served, ReadOnlyMemory<byte> data, bool end = false)
    {
        if (data.IsEmpty && !end)
        {
            return;
        }

        if (!await served.Exchange.WriteAsync(data, end).ConfigureAwait(false))
        {
            throw new ExchangeException(ErrorCode.Cancelled);
        }

        served.ResponseBytes += data.Length;
    }
}
