using Tunnel.Agent.Serving.Compression;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving;

/// <summary>Sends and counts a response's body, compressed where its head says so.</summary>
internal static class ServedBody
{
    /// <summary>
    /// Decides whether the body of a response that has one travels compressed. If so, the head has to say it with a Transfer-Encoding of
    /// <see cref="Wire.Registration.Capabilities.TransferCoding"/>.
    /// </summary>
    public static bool TryCompress(this ServedExchange served, string? contentType, string? contentEncoding, long? contentLength)
    {
        // A head before this one could not be sent.
        served.Compression?.Dispose();
        served.Compression = null;
        if (served.Exchange.MayCompress && CompressibleBody.Is(contentType, contentEncoding, contentLength))
        {
            served.Compression = BodyCompression.TryBegin();
        }

        return served.Compression is not null;
    }

    /// <summary>Sends a piece; without <paramref name="end"/> it may stay here until <see cref="FlushBodyAsync"/>.</summary>
    /// <exception cref="ExchangeException">The visitor reads no more.</exception>
    public static async ValueTask SendBodyAsync(this ServedExchange served, ReadOnlyMemory<byte> data, bool end = false)
    {
        if (data.IsEmpty && !end)
        {
            return;
        }

        var sent = served.Compression is not { } compression ? data
            : end ? compression.Finish(data.Span)
            : compression.Add(data.Span, flush: false);
        await SendAsync(served, sent, end).ConfigureAwait(false);
        served.ResponseBytes += data.Length;
    }

    /// <summary>Sends all that was written before, while nothing more is there.</summary>
    /// <exception cref="ExchangeException">The visitor reads no more.</exception>
    public static async ValueTask FlushBodyAsync(this ServedExchange served)
    {
        if (served.Compression is { } compression)
        {
            await SendAsync(served, compression.Add([], flush: true), end: false).ConfigureAwait(false);
        }

        served.Exchange.Flush(); // the head, where nothing of the body is there yet
    }

    /// <summary>Sends what is left of a body before something else ends the message.</summary>
    /// <exception cref="ExchangeException">The visitor reads no more.</exception>
    public static ValueTask FinishBodyAsync(this ServedExchange served) => served.Compression is { } compression
        ? SendAsync(served, compression.Finish([]), end: false)
        : ValueTask.CompletedTask;

    private static async ValueTask SendAsync(ServedExchange served, ReadOnlyMemory<byte> data, bool end)
    {
        if ((!data.IsEmpty || end) && !await served.Exchange.WriteAsync(data, end).ConfigureAwait(false))
        {
            throw new ExchangeException(ErrorCode.Cancelled);
        }
    }
}
