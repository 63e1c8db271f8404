using System.Buffers;
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
    /// <summary>Waits for the final head and puts it on the visitor's response. Returns its status code.</summary>
    public static async ValueTask<int> ReadHeadAsync(HttpContext context, Exchange exchange, VisitorTarget target, VisitorUpgrade upgrade)
    {
        while (true)
        {
            var head = await exchange.ReadHeadAsync();
            try
            {
                if (TryApply(context, head.Read(), target, upgrade, out var status))
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

    /// <summary>Copies the body, flushing whenever nothing more is there, then trailers where the visitor's protocol has them.</summary>
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
                await output.FlushAsync();
                result = await input.ReadAsync();
            }

            foreach (var segment in result.Buffer)
            {
                output.Write(segment.Span);
            }

            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted && context.Response.ContentLength is null)
            {
                // The server sends these bytes together with the end of the chunked body. Where there is a Content-Length nothing
                // follows, and Kestrel leaves what was not flushed unsent.
                break;
            }

            var flush = output.FlushAsync();
            if ((flush.IsCompletedSuccessfully ? flush.Result : await flush).IsCompleted)
            {
                exchange.Abort(ErrorCode.Cancelled);
                return;
            }

            if (result.IsCompleted)
            {
                break;
            }
        }

        CopyTrailers(context, exchange);
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
