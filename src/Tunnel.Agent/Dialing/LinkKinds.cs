using Microsoft.Extensions.Options;

namespace Tunnel.Agent.Dialing;

/// <summary>
/// Which kind of link is asked for first: the upgraded connection, which costs least, or a WebSocket, which every proxy knows. Where
/// the former did not get through, the latter is asked for during a while, also by the sessions' next links.
/// </summary>
internal sealed class LinkKinds(IOptions<TunnelAgentOptions> options, TimeProvider time)
{
    private static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(10);
    private long _failedAt; // a timestamp of TimeProvider; 0 while none has failed

    public bool PrefersWebSocket =>
        options.Value.WebSocketOnly || (Interlocked.Read(ref _failedAt) is var at and not 0 && time.GetElapsedTime(at) < RememberedFor);

    /// <summary>Something on the way refused an upgraded connection, or let nothing through one.</summary>
    public void UpgradeFailed() => Interlocked.Exchange(ref _failedAt, Math.Max(1, time.GetTimestamp()));
}
