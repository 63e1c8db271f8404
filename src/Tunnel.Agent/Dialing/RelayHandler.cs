using System.Net;
using System.Net.Sockets;

namespace Tunnel.Agent.Dialing;

/// <summary>Makes the handler that opens the connection to the relay: through which proxy, on which socket, trusting whom.</summary>
internal static class RelayHandler
{
    /// <summary>What the kernel may hold that was not sent yet (PROTOCOL.md, Sending); more would be a queue before the control lane.</summary>
    private const int UnsentBytes = 128 * 1024;

    private const int TcpLevel = 6; // IPPROTO_TCP everywhere

    public static SocketsHttpHandler Create(TunnelAgentOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.Zero,
            AllowAutoRedirect = false, // the token is made for the address that was configured
            UseCookies = false,
            ConnectCallback = ConnectAsync,
        };

        // Without the option: the machine's proxy, which on all platforms is what HTTPS_PROXY and its like say where they are set.
        if (options.Proxy is { } proxy)
        {
            handler.Proxy = CreateProxy(proxy);
        }

        if (options.CertificateAuthorities is { } path)
        {
            handler.SslOptions.CertificateChainPolicy = CertificateAuthorities.TryRead(path, out var certificates, out var error)
                ? CertificateAuthorities.ChainPolicy(certificates)
                : throw new DialException(TunnelFailureReason.Unreachable, error);
        }

        return handler;
    }

    /// <summary>Called for the proxy's address where there is one, and otherwise for the relay's.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            LimitUnsentBytes(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static void LimitUnsentBytes(Socket socket)
    {
        // TCP_NOTSENT_LOWAT; other platforms have no such thing.
        int? option = OperatingSystem.IsLinux() ? 25 : OperatingSystem.IsMacOS() ? 0x201 : null;
        try
        {
            if (option is { } number)
            {
                socket.SetRawSocketOption(TcpLevel, number, BitConverter.GetBytes(UnsentBytes));
            }
        }
        catch (SocketException)
        {
            // A kernel, or a sandbox, that does not know it: the link works without.
        }
    }

    private static WebProxy CreateProxy(Uri address)
    {
        var bare = new UriBuilder(address.Scheme, address.Host, address.Port).Uri;
        var proxy = new WebProxy(bare);
        if (address.UserInfo.Length > 0)
        {
            var parts = address.UserInfo.Split(':', 2);
            proxy.Credentials = new NetworkCredential(
                Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : string.Empty);
        }

        return proxy;
    }
}
