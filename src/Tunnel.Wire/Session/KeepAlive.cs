namespace Tunnel.Wire.Session;

/// <summary>
/// Decides when to ask whether the peer is alive and when to give it up. Owns no timer; time is passed in. Any inbound byte counts as
/// life. Written by the receiving loop, read by the session's timer.
/// </summary>
internal sealed class KeepAlive(TimeProvider time)
{
    private long _lastInbound = time.GetTimestamp();

    public void Received() => Volatile.Write(ref _lastInbound, time.GetTimestamp());

    public KeepAliveAction Check()
    {
        var silence = time.GetElapsedTime(Volatile.Read(ref _lastInbound));
        return silence >= WireDefaults.DeadAfter ? KeepAliveAction.GiveUp
            : silence >= WireDefaults.PingInterval ? KeepAliveAction.Ping
            : KeepAliveAction.None;
    }
}

/// <summary>What to do about the silence of a peer.</summary>
internal enum KeepAliveAction
{
    None,
    Ping,
    GiveUp,
}
