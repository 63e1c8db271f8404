using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Gives an agent's response to the visitor.</summary>
internal static class VisitorResponse
{
    private const int LargestPiece = 64 * 1024;

    /// <summary>Waits for the final head and puts it on the visitor's response. Returns its status code.</summary>
    public static async ValueTask<int> ReadHeadAsync(VisitorRequest request, Exchange exchange)
    {
        while (true)
        {
            var head = await exchange.ReadHeadAsync();
            try
            {
                request.IsAnswered = true;
                if (TryApply(request.Context, head.Read(), request.Target, request.Upgrade, out var status))
                {
                    return status;
                }
            }
            finally
            {
                head.Dispose();
            }
        }
    }

    /// <summary>Copies the body, flushing every piece, then trailers where the visitor's protocol has them.</summary>
    public static async Task CopyBodyAsync(HttpContext context, Exchange exchange)
    {
        if (exchange.InputEndedWithoutBody)
        {
            CopyTrailers(context, exchange);
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
                break;
            }

            var isTaken = await WriteAsync(piece, output, context.Response.HasStarted);
            input.AdvanceTo(piece.End);
            if (!isTaken)
            {
                exchange.Abort(ErrorCode.Cancelled);
                return;
            }

            if (isLast)
            {
                break;
            }
        }

        CopyTrailers(context, exchange);
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
            if ((await output.WriteAsync(segment)).IsCompleted)
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

    private static bool TryApply(HttpContext context, HeadReader head, in VisitorTarget target, in VisitorUpgrade upgrade, out int status)
    {
        var line = ResponseLine.Read(ref head);
        status = line.StatusCode;
        if (line.IsInformational)
        {
            // Kestrel sends 100-continue by itself and has no way to send the others.
            return false;
        }

        var switches = upgrade.IsUpgrade && status == StatusCodes.Status101SwitchingProtocols;
        var response = context.Response;
        response.StatusCode = switches && upgrade.Kind == VisitorUpgradeKind.ExtendedConnect ? StatusCodes.Status200OK : status;
        if (line.ReasonPhrase.Length > 0)
        {
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = line.ReasonPhrase;
        }

        var inPathMode = target.PrefixLength > 0;
        string? connection = null;
        while (head.TryHeader(out var name, out var value))
        {
            if (switches && PassesOnSwitch(name, upgrade.Kind))
            {
                Add(response.Headers, name, value);
            }
            else if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            {
                connection = connection is null ? value : $"{connection},{value}";
            }
            else if (!HopByHop.DropsFromResponse(name, inPathMode)
                && !(switches && upgrade.Kind == VisitorUpgradeKind.ExtendedConnect && name.Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase)))
            {
                var isCookie = inPathMode && name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase);
                Add(response.Headers, name, isCookie ? TunnelCookie.Confine(value, target) : value);
            }
        }

        if (connection is not null && !switches)
        {
            HopByHop.RemoveNominated(response.Headers, connection);
        }

        return true;
    }

    /// <summary>Adds a header line, also an empty one, which <c>Append</c> would drop.</summary>
    private static void Add(IHeaderDictionary headers, string name, string value) =>
        headers[name] = StringValues.Concat(headers[name], value);

    /// <summary>The upgrade's own headers are the visitor's too, where its protocol has them; <c>Connection</c> the server writes itself.</summary>
    private static bool PassesOnSwitch(string name, VisitorUpgradeKind kind) =>
        kind == VisitorUpgradeKind.Http1 && name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase);

    private static void CopyTrailers(HttpContext context, Exchange exchange)
    {
        if (!exchange.TryReadTrailers(out var trailers))
        {
            return;
        }

        using (trailers)
        {
            if (!context.Response.SupportsTrailers())
            {
                return;
            }

            var reader = trailers.Read();
            while (reader.TryHeader(out var name, out var value))
            {
                context.Response.AppendTrailer(name, value);
            }
        }
    }
}
