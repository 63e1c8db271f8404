using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire;
using Tunnel.Wire.Codec;

namespace Tunnel.Relay.Ingress;

/// <summary>Writes a visitor's request head for the agent: the visitor's headers less those of the connection, plus the relay's own.</summary>
internal sealed class VisitorRequestHead(RelayLoop loop, VisitorHeaders headers)
{
    /// <param name="head">Gets the head.</param>
    /// <param name="visitor">The visitor's request.</param>
    /// <param name="tunnel">The tunnel's number in its session.</param>
    /// <exception cref="WireFormatException">A header's name is none, which Kestrel does not look at.</exception>
    public void Write(HeadWriter head, VisitorRequest visitor, int tunnel)
    {
        var (context, target, upgrade) = (visitor.Context, visitor.Target, visitor.Upgrade);
        var request = context.Request;
        var remote = context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped
            ? mapped.MapToIPv4()
            : context.Connection.RemoteIpAddress;
        var address = remote?.ToString() ?? string.Empty;
        var host = request.Host.Value ?? string.Empty;
        new RequestLine
        {
            Method = upgrade.IsUpgrade ? HttpMethods.Get : request.Method,
            Target = target.Target,
            PrefixLength = target.PrefixLength,
            Protocol = upgrade.IsUpgrade ? HttpProtocol.Http11 : request.Protocol,
            Scheme = request.Scheme,
            Authority = host,
            RemoteAddress = address,
            RemotePort = context.Connection.RemotePort,
            IsUpgrade = upgrade.IsUpgrade,
            HasBody = visitor.HasBody,
            Tunnel = tunnel,
            Service = target.Service,
        }.Write(head);

        var connection = request.Headers.Connection.Count == 0 ? null : request.Headers.Connection.ToString();
        foreach (var (name, values) in request.Headers)
        {
            if (HopByHop.DropsFromRequest(name, connection) || name.StartsWith(':') || visitor.Trace?.Replace(name) == true)
            {
                continue;
            }

            if (!Token.Is(name))
            {
                throw new WireFormatException("A header's name holds a character that has no place there (RFC 9110 section 5.1).");
            }

            for (var index = 0; index < values.Count; index++)
            {
                headers.Write(head, name, values[index] ?? string.Empty);
            }
        }

        if (visitor.Trace is { } trace)
        {
            foreach (var (name, value) in trace.Lines)
            {
                head.Header(name, value);
            }
        }

        upgrade.WriteHeaders(head);
        if (context.Response.SupportsTrailers() && request.Headers.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
        {
            // About this connection, but also what an app goes by that answers with trailers, as gRPC servers do.
            head.Header("TE", "trailers");
        }

        head.Header(RelayLoop.HeaderName, loop.Mark);
        WriteForwarded(head, request.Scheme, remote, address, host, target);
        head.EndHeaders();
    }

    private static void WriteForwarded(
        HeadWriter head, string scheme, IPAddress? remote, string address, string host, in VisitorTarget target)
    {
        if (remote is not null)
        {
            head.Header("X-Forwarded-For", address);
        }

        head.Header("X-Forwarded-Proto", scheme);
        head.Header("X-Forwarded-Host", host);
        if (target.PrefixLength > 0)
        {
            head.Header("X-Forwarded-Prefix", target.Target.AsSpan(0, target.PrefixLength));
        }

        // RFC 7239 section 6: an IPv6 address stands in brackets and quotes; a visitor whose address is not known is "unknown".
        var node = remote switch
        {
            null => "unknown",
            { AddressFamily: AddressFamily.InterNetworkV6 } => $"\"[{address}]\"",
            _ => address,
        };
        head.Header("Forwarded", host.AsSpan().ContainsAny('"', '\\')
            ? $"for={node};proto={scheme}"
            : $"for={node};host=\"{host}\";proto={scheme}");
    }
}
