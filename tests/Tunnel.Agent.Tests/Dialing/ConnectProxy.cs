using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Tunnel.Agent.Tests.Forwarding;

namespace Tunnel.Agent.Tests.Dialing;

/// <summary>An HTTP proxy that knows CONNECT only, and leads every name to this machine.</summary>
internal sealed class ConnectProxy : IDisposable
{
    private readonly RawTarget _proxy;
    private readonly string? _credentials;

    /// <param name="credentials">What it wants in <c>Proxy-Authorization</c>, if anything.</param>
    public ConnectProxy(string? credentials = null)
    {
        _credentials = credentials;
        _proxy = new RawTarget(ServeAsync);
    }

    public Uri Url => new(_proxy.Url);

    /// <summary>The authorities that were asked for and let through.</summary>
    public ConcurrentQueue<string> Targets { get; } = new();

    public void Dispose() => _proxy.Dispose();

    private async Task ServeAsync(RawConnection client)
    {
        while (await client.ReadHeadAsync() is { Length: > 0 } head)
        {
            if (_credentials is not null && !head.Contains($"Proxy-Authorization: {_credentials}\r\n", StringComparison.OrdinalIgnoreCase))
            {
                await client.WriteAsync(
                    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n");
                continue;
            }

            Assert.StartsWith("CONNECT ", head);
            var authority = head.Split(' ')[1];
            Targets.Enqueue(authority);
            using var target = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await target.ConnectAsync(new IPEndPoint(IPAddress.Loopback, int.Parse(authority.Split(':')[1])));
            using var connection = new RawConnection(target);
            await client.WriteAsync("HTTP/1.1 200 OK\r\n\r\n");
            await Task.WhenAny(PumpAsync(client, connection), PumpAsync(connection, client));
            return;
        }
    }

    private static async Task PumpAsync(RawConnection from, RawConnection to)
    {
        var buffer = new byte[4096];
        while (await from.ReadAsync(buffer) is > 0 and var count)
        {
            await to.WriteAsync(buffer.AsMemory(0, count));
        }
    }
}
