using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Puts the heads of an agent's response on the visitor's: informational ones, the final one, and the trailers.</summary>
internal sealed class VisitorResponseHead(VisitorHeaders headers)
{
    /// <summary>Waits for the final head and puts it on the visitor's response. Returns its status code.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(VisitorRequest request, Exchange exchange)
    {
        while (true)
        {
            var head = await exchange.ReadHeadAsync();
            bool isFinal;
            int status;
            try
            {
                request.IsAnswered = true;
                isFinal = TryApply(request, head.Read(), out status);
            }
            finally
            {
                head.Dispose();
            }

            if (isFinal)
            {
                return status;
            }

            await VisitorInformational.FlushAsync(request);
        }
    }

    /// <summary>Puts the trailers on the response, where the visitor's protocol has them.</summary>
    public void CopyTrailers(VisitorRequest request, Exchange exchange)
    {
        var response = request.Context.Response;
        if (!exchange.TryReadTrailers(out var trailers))
        {
            return;
        }

        using (trailers)
        {
            if (!response.SupportsTrailers())
            {
                return;
            }

            var reader = trailers.Read();
            while (reader.TryHeaderOctets(out var name, out var octets))
            {
                if (!HopByHop.DropsFromResponseTrailers(name, request.InPathMode) && headers.TryRead(name, octets, out var value))
                {
                    response.AppendTrailer(name, value);
                }
            }
        }
    }

    /// <returns>False for an informational head, which may be on its way then.</returns>
    private bool TryApply(VisitorRequest request, HeadReader head, out int status)
    {
        var line = ResponseLine.Read(ref head);
        status = line.StatusCode;
        if (line.IsInformational)
        {
            VisitorInformational.Write(request, line, head);
            return false;
        }

        var (context, target, kind) = (request.Context, request.Target, request.Upgrade.Kind);
        var switches = request.Upgrade.IsUpgrade && status == StatusCodes.Status101SwitchingProtocols;
        if (status == StatusCodes.Status101SwitchingProtocols && !switches)
        {
            throw new WireFormatException("The agent changes the protocol unasked (RFC 9110 section 15.2.2).");
        }

        var response = context.Response;
        response.StatusCode = switches && kind == VisitorUpgradeKind.ExtendedConnect ? StatusCodes.Status200OK : status;
        if (line.ReasonPhrase.Length > 0)
        {
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = line.ReasonPhrase;
        }

        var inPathMode = target.PrefixLength > 0;
        var hasTrailers = response.SupportsTrailers();
        string? connection = null;
        while (head.TryHeaderOctets(out var name, out var octets))
        {
            if (!headers.TryRead(name, octets, out var value))
            {
                continue;
            }

            if (switches && PassesOnSwitch(name, kind))
            {
                Add(response.Headers, name, value);
            }
            else if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            {
                connection = connection is null ? value : $"{connection},{value}";
            }
            else if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                request.IsAnswerCompressed = !switches && value == Capabilities.TransferCoding;
            }
            else if (!HopByHop.DropsFromResponse(name, inPathMode, hasTrailers)
                && !(switches && kind == VisitorUpgradeKind.ExtendedConnect && name.Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase)))
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
}
