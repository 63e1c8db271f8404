using System.Buffers;
using System.Net.Http.Headers;
using Tunnel.Agent.Serving.Forwarding.Origin;

namespace Tunnel.Agent.Serving.Forwarding.Http2;

/// <summary>Passes on what the target answers over HTTP/2.</summary>
internal static class Http2Response
{
    private const int BufferSize = 32 * 1024;

    /// <summary>Returns when the response's end has been sent.</summary>
    /// <exception cref="IOException">The target reset the stream, or its connection broke.</exception>
    public static async Task PassOnAsync(ServedExchange served, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var head = new OriginResponseHead((int)response.StatusCode, string.Empty, isHttp11: false, HeadersOf(response));
        served.StatusCode = head.StatusCode;
        var isHeadSent = false;
        using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            // A read of zero bytes waits without a buffer. A head that nothing follows at once does not wait with it.
            var waiting = stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
            if (!isHeadSent && !waiting.IsCompleted)
            {
                ForwardedResponse.SendHead(served.Exchange, head, end: false, flush: true);
                isHeadSent = true;
            }

            _ = await waiting.ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                var count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    End(served, isHeadSent ? null : head, Lines(response.TrailingHeaders));
                    return;
                }

                if (!isHeadSent)
                {
                    ForwardedResponse.SendHead(served.Exchange, head, end: false, flush: false);
                    isHeadSent = true;
                }

                await served.SendBodyAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    public static List<HeaderLine> HeadersOf(HttpResponseMessage response) => [.. Lines(response.Headers), .. Lines(response.Content.Headers)];

    private static void End(ServedExchange served, OriginResponseHead? unsent, List<HeaderLine> trailers)
    {
        if (unsent is not null)
        {
            ForwardedResponse.SendHead(served.Exchange, unsent, end: trailers.Count == 0, flush: trailers.Count == 0);
        }

        if (trailers.Count > 0)
        {
            ForwardedResponse.EndWithTrailers(served.Exchange, trailers);
        }
        else if (unsent is null)
        {
            served.Exchange.End();
        }
    }

    /// <summary>As they came, one line for each field line; the framework keeps the order of those with the same name only.</summary>
    private static List<HeaderLine> Lines(HttpHeaders headers)
    {
        var lines = new List<HeaderLine>();
        foreach (var (name, values) in headers.NonValidated)
        {
            foreach (var value in values)
            {
                lines.Add(new HeaderLine(name, value));
            }
        }

        return lines;
    }
}
