using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tunnel.Cli.Arguments;

/// <summary>The local server to share: as it was written, and the addresses where it may be, in the order of trying.</summary>
internal sealed record ShareTarget(string Written, IReadOnlyList<Uri> Candidates)
{
    /// <summary>How long one connection attempt may take; a server on this machine or in this network answers within milliseconds.</summary>
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Reads the command's argument.</summary>
    public static ShareTarget Parse(string text, Action<string> complain)
    {
        var nothing = new ShareTarget(text, []);
        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0)
            {
                return new ShareTarget(text, Loopback("http", port));
            }

            complain($"{text} is not a port: ports go from 1 to 65535.");
            return nothing;
        }

        // What has no scheme is the address that a local server prints: localhost:5173.
        var address = text.Contains("://", StringComparison.Ordinal) || !text.Contains(':', StringComparison.Ordinal) ? text : $"http://{text}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https" or "h2c")
            || uri is not { Host.Length: > 0, UserInfo: "", Port: not 0 })
        {
            complain($"'{text}' is neither a port nor a URL: write for example 7080 or http://localhost:7080.");
            return nothing;
        }

        if (uri is not { PathAndQuery: "/" or "", Fragment: "" })
        {
            complain($"A whole server is shared, not a page of it: write {uri.GetLeftPart(UriPartial.Authority)}.");
            return nothing;
        }

        if (uri.Port < 0)
        {
            // The framework knows no port for h2c. Without TLS it is that of http.
            uri = new UriBuilder(uri) { Port = 80 }.Uri;
        }

        // An https certificate is for a name, so the name stays.
        var named = uri is { Scheme: "http", Host: "localhost" };
        return new ShareTarget(text, named ? Loopback(uri.Scheme, uri.Port) : [uri]);
    }

    /// <summary>The first address where something accepts a connection, or <see langword="null"/>.</summary>
    public async Task<Uri?> ProbeAsync(CancellationToken cancellationToken)
    {
        foreach (var candidate in Candidates)
        {
            if (await AcceptsAsync(candidate, cancellationToken))
            {
                return candidate;
            }
        }

        return null;
    }

    // Both families, because "localhost" means either to different servers.
    private static Uri[] Loopback(string scheme, int port) =>
        [new($"{scheme}://{IPAddress.Loopback}:{port}"), new($"{scheme}://[{IPAddress.IPv6Loopback}]:{port}")];

    private static async Task<bool> AcceptsAsync(Uri candidate, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AttemptTimeout);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(candidate.DnsSafeHost, candidate.Port, limit.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
