using System.Globalization;
using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Passes what the target answers on to the visitor.</summary>
internal static class ForwardedResponse
{
    /// <summary>Sends a head. Without <paramref name="flush"/> the caller sends body, or flushes, right after.</summary>
    public static void SendHead(Exchange exchange, OriginResponseHead head, bool end, bool flush)
    {
        using var writer = HeadWriter.Rent();
        Write(writer, head);
        writer.EndHeaders();
        exchange.SendHead(writer.Written, end ? FrameFlags.End : FrameFlags.None, flush);
    }

    /// <summary>Sends the final head of a response that has a body. The caller sends body, or flushes, right after.</summary>
    public static void SendHeadOfBody(ServedExchange served, OriginResponseHead head, long? bodyLength)
    {
        using var writer = HeadWriter.Rent();
        Write(writer, head);
        if (served.TryCompress(head.Value("Content-Type"), head.Value("Content-Encoding"), bodyLength))
        {
            writer.Header("Transfer-Encoding", Capabilities.TransferCoding);
        }

        writer.EndHeaders();
        served.Exchange.SendHead(writer.Written, FrameFlags.None, flush: false);
    }

    /// <summary>Copies the body; returns when its end has been sent.</summary>
    /// <exception cref="OriginProtocolException">The target ended it too early.</exception>
    public static async Task CopyBodyAsync(ServedExchange served, OriginInput input, BodyFraming framing)
    {
        while (true)
        {
            // The last piece waits until it is known whether the end can travel with it.
            var rest = input.Unread;
            var held = ReadOnlyMemory<byte>.Empty;
            while (framing.TryCut(ref rest, out var piece))
            {
                await served.SendBodyAsync(held).ConfigureAwait(false);
                held = piece;
            }

            if (framing.IsComplete)
            {
                await FinishAsync(served, held, framing.Trailers).ConfigureAwait(false);
                input.Consume(input.Unread.Length - rest.Length);
                return;
            }

            await served.SendBodyAsync(held).ConfigureAwait(false);
            input.Consume(input.Unread.Length - rest.Length);
            var reading = input.ReadPatientlyAsync();
            if (!reading.IsCompleted)
            {
                await served.FlushBodyAsync().ConfigureAwait(false);
            }

            if (!await reading.ConfigureAwait(false))
            {
                if (!framing.EndsWithConnection)
                {
                    throw new OriginProtocolException("The target closed the connection within its response.");
                }

                await served.SendBodyAsync(default, end: true).ConfigureAwait(false);
                return;
            }
        }
    }

    /// <summary>Ends the response with a trailer section.</summary>
    public static void EndWithTrailers(Exchange exchange, List<HeaderLine> trailers)
    {
        using var writer = HeadWriter.Rent();
        foreach (var trailer in trailers)
        {
            // A trailer must not change how the message is framed (RFC 9110 section 6.5.1).
            if (!trailer.Is("Content-Length") && !trailer.Is("Transfer-Encoding") && !trailer.Is("Connection"))
            {
                writer.Header(trailer.Name, trailer.Value);
            }
        }

        writer.EndHeaders();
        exchange.EndWithTrailers(writer.Written);
    }

    private static async ValueTask FinishAsync(ServedExchange served, ReadOnlyMemory<byte> last, List<HeaderLine>? trailers)
    {
        if (trailers is null)
        {
            await served.SendBodyAsync(last, end: true).ConfigureAwait(false);
            return;
        }

        await served.SendBodyAsync(last).ConfigureAwait(false);
        await served.FinishBodyAsync().ConfigureAwait(false);
        EndWithTrailers(served.Exchange, trailers);
    }

    private static void Write(HeadWriter writer, OriginResponseHead head)
    {
        new ResponseLine(head.StatusCode, head.ReasonPhrase).Write(writer);
        var saysLength = false;
        foreach (var header in head.Headers)
        {
            if (!IsPassedOn(head, header))
            {
                continue;
            }

            if (header.Is("Content-Length"))
            {
                // A length said twice is said once (RFC 9112 section 6.3); the relay's server would refuse the pair.
                if (saysLength)
                {
                    continue;
                }

                saysLength = true;
            }

            writer.Header(header.Name, header.Value);
        }
    }

    private static bool IsPassedOn(OriginResponseHead head, in HeaderLine header) =>
        head.StatusCode == 101 ? header.Is("Upgrade") || header.Is("Connection") || !head.HopByHop.Contains(header)
        : header.Is("Content-Length") ? head.StatusCode is not (< 200 or 204) && !head.HasTransferEncoding // RFC 9112 section 6.3, RFC 9110 section 8.6
        : !head.HopByHop.Contains(header);
}
