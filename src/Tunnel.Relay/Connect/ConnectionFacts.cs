using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Connect;

/// <summary>The two ends of the connection that a request came by, and every address that the server listens on.</summary>
internal sealed record ConnectionFacts(IPAddress? Local, IPAddress? Remote, IReadOnlyCollection<string> BoundAddresses)
{
    /// <summary>
    /// No network at all: an in-memory server in a test. A server that listens anywhere reports it, a Unix socket too, whose
    /// connections have no addresses either.
    /// </summary>
    public bool IsInMemory => Local is null && Remote is null && BoundAddresses.Count == 0;

    /// <summary>Whether the peer, which may be a proxy, is on this machine.</summary>
    public bool IsLocal => IsInMemory || (IsLoopback(Local) && IsLoopback(Remote));

    public static ConnectionFacts Of(HttpContext context, IServer server)
    {
        var (local, remote) = EndsOf(context);
        var bound = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return new ConnectionFacts(Plain(local), Plain(remote), [.. bound]);
    }

    public static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);

    /// <summary>From the socket where there is one: middleware for forwarded headers changes what the request says, not the socket.</summary>
    private static (IPAddress? Local, IPAddress? Remote) EndsOf(HttpContext context)
    {
        if (context.Features.Get<IConnectionSocketFeature>() is not { } feature)
        {
            return (context.Connection.LocalIpAddress, context.Connection.RemoteIpAddress);
        }

        try
        {
            return ((feature.Socket.LocalEndPoint as IPEndPoint)?.Address, (feature.Socket.RemoteEndPoint as IPEndPoint)?.Address);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The peer has left; nobody who is still there is let in by this.
            return (null, null);
        }
    }

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
