using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Tunnel.Wire.Codec;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Sends informational heads such as 103 (RFC 8297) to the visitor. Kestrel has no API for them, so they are written to the connection
/// itself, which on HTTP/1.1 is the server's business only from the response's beginning on. Visitors on HTTP/2 get none.
/// </summary>
internal static class VisitorInformational
{
    /// <summary>Leaves the head in the connection's output; <see cref="FlushAsync"/> sends it.</summary>
    /// <exception cref="Tunnel.Wire.WireFormatException">It is malformed; nothing of it was written then.</exception>
    public static void Write(VisitorRequest request, in ResponseLine line, HeadReader head)
    {
        if (FindOutput(request) is not { } output)
        {
            return;
        }

        // All of it is looked at before any of it is written: behind the half of a head the visitor would take what follows for the rest.
        for (var lines = head; lines.TryHeaderOctets(out _, out _);)
        {
        }

        var reason = line.ReasonPhrase.Length > 0 ? line.ReasonPhrase : ReasonPhrases.GetReasonPhrase(line.StatusCode);
        WriteText(output, string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {line.StatusCode} {reason}\r\n"));
        while (head.TryHeaderOctets(out var name, out var value))
        {
            // A cookie in path mode would have to be confined; nobody sets one before the final head.
            if (!HopByHop.DropsFromResponse(name, request.InPathMode, passesTrailers: false)
                && !name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                WriteText(output, name);
                output.Write(": "u8);
                output.Write(value);
                output.Write("\r\n"u8);
            }
        }

        output.Write("\r\n"u8);
    }

    public static async ValueTask FlushAsync(VisitorRequest request)
    {
        if (FindOutput(request) is { } output)
        {
            await output.FlushAsync();
        }
    }

    private static PipeWriter? FindOutput(VisitorRequest request)
    {
        var context = request.Context;

        // Not beside a 100 that the server may write in the same moment, and not to HTTP/1.0, which has no such heads (RFC 9110 section 15.2).
        return HttpProtocol.IsHttp11(context.Request.Protocol) && !request.ExpectsContinue && !context.Response.HasStarted
            && !context.RequestAborted.IsCancellationRequested
                ? context.Features.Get<IConnectionTransportFeature>()?.Transport.Output
                : null;
    }

    private static void WriteText(PipeWriter output, string text)
    {
        var count = Encoding.Latin1.GetBytes(text, output.GetSpan(text.Length));
        output.Advance(count);
    }
}
