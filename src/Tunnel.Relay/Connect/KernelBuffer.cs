using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Connect;

/// <summary>
/// Keeps the kernel's send buffer of a link short (<c>TCP_NOTSENT_LOWAT</c>): what waits in there cannot be overtaken by a small response or
/// a control record any more.
/// </summary>
internal static class KernelBuffer
{
    private const int Tcp = 6; // IPPROTO_TCP
    private const int LinuxNotSentLowWater = 25;
    private const int MacNotSentLowWater = 0x201;

    /// <summary>Does nothing where the server has no socket or the platform no such option.</summary>
    public static void Limit(HttpContext context)
    {
        var option = OperatingSystem.IsLinux() ? LinuxNotSentLowWater : OperatingSystem.IsMacOS() ? MacNotSentLowWater : 0;
        if (option == 0 || context.Features.Get<IConnectionSocketFeature>() is not { } connection)
        {
            return;
        }

        try
        {
            connection.Socket.SetRawSocketOption(Tcp, option, BitConverter.GetBytes(RelayDefaults.UnsentInKernel));
        }
        catch (Exception refused) when (refused is SocketException or ObjectDisposedException or PlatformNotSupportedException)
        {
            // A Unix socket, a sandbox without this option, or a peer who has left: the link works without.
        }
    }
}
