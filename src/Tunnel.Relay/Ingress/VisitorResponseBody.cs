using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Gives the body of an agent's response to the visitor.</summary>
internal static class VisitorResponseBody
{
    private const int LargestPiece = 64 * 1024;

    /// <summary>Copies the body, flushing every piece. Whoever called adds the trailers and ends the response.</summary>
    public static async Task CopyAsync(HttpContext context, Exchange exchange)
    {
        if (exchange.InputEndedWithoutBody)
        {
            return;
        }

        var input = exchange.Input;
        var output = context.Response.BodyWriter;
        while (true)
        {
            if (!input.TryRead(out var result))
            {
                if (!context.Response.HasStarted)
                {
                    await output.FlushAsync();
                }

                result = await input.ReadAsync();
            }

            // Credit follows what the visitor's connection took, a piece at a time: given for all that is here it would let a second
            // window come while the first one waits in the server.
            var piece = result.Buffer.Length > LargestPiece ? result.Buffer.Slice(0, LargestPiece) : result.Buffer;
            var isLast = result.IsCompleted && piece.Length == result.Buffer.Length;
            if (isLast && context.Response.ContentLength is null)
            {
                // The server sends these bytes together with the end of the chunked body. Where there is a Content-Length nothing
                // follows, and Kestrel leaves what was not flushed unsent.
                Gather(piece, output);
                input.AdvanceTo(piece.End);
                return;
            }

            var isTaken = await WriteAsync(piece, output, context.Response.HasStarted);
            input.AdvanceTo(piece.End);
            if (!isTaken)
            {
                // Nothing that is cut may look complete, should the server be wrong about the visitor.
                exchange.Abort(ErrorCode.Cancelled);
                context.Abort();
                return;
            }

            if (isLast)
            {
                return;
            }
        }
    }

    /// <returns>False if the visitor has left.</returns>
    private static async ValueTask<bool> WriteAsync(ReadOnlySequence<byte> piece, PipeWriter output, bool hasStarted)
    {
        if (!hasStarted)
        {
            // With the head, in one go.
            Gather(piece, output);
            return !(await output.FlushAsync()).IsCompleted;
        }

        // Each segment with a write of its own. Kestrel's minimum rate gives a visitor time for the bytes of a write, and forgets those
        // of Advance: they would have to be taken within the grace of 5 s, and who reads 2 kB/s would be cut off.
        foreach (var segment in piece)
        {
            // On HTTP/2 Kestrel answers a write of nothing as it does one for a visitor who has left, and pieces can hold empty segments.
            if (!segment.IsEmpty && (await output.WriteAsync(segment)).IsCompleted)
            {
                return false;
            }
        }

        return true;
    }

    private static void Gather(ReadOnlySequence<byte> piece, PipeWriter output)
    {
        foreach (var segment in piece)
        {
            output.Write(segment.Span);
        }
    }
}
