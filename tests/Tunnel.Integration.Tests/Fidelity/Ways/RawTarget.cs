using System.Net;
using System.Net.Sockets;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>A target whose bytes, both ways, are the test's. A test closes the connections that it has taken.</summary>
internal sealed class RawTarget : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RawTarget() => _listener.Start();

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>The next connection that the agent, or a direct visitor, makes.</summary>
    public async Task<RawConnection> AcceptAsync() =>
        new(await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask().Soon("a connection to the target"));

    public void Dispose() => _listener.Dispose();
}
