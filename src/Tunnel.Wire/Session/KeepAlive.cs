namespace Tunnel.Wire.Session;

/// <summary>
/// Decides when to ask whether the peer is alive and when to give its link up. Any message proves that the peer sends; pongs and acks
/// prove that it receives. Owns no timer; guarded by the session's receiving lock. One for each link.
/// </summary>
internal sealed class KeepAlive
{
    private const int FirstPings = 4; // one after the other when the link begins
    private const int Busy = 64; // messages since the last ping
    private readonly TimeProvider _time;
    private long _lastMessage;
    private long _lastProgress; // of the peer's acks; moved along while nothing is unacknowledged
    private ulong _nonce;
    private long? _pingedAt; // of the ping that has no pong yet
    private TimeSpan _pongDeadline = WireDefaults.PongDeadline;
    private long _lastPing;
    private int _messagesSincePing;
    private int _pongs;
    private long _lastAck; // on a slow link a ping waits behind data in the network; acks that move prove as much as its pong

    public KeepAlive(TimeProvider time)
    {
        _time = time;
        _lastMessage = _lastProgress = _lastPing = time.GetTimestamp();
    }

    /// <summary>The shortest round trip that a pong showed on this link, which is the path's without its queues; a guess until then.</summary>
    public TimeSpan RoundTrip { get; private set; } = TimeSpan.FromMilliseconds(50);

    public void MessageArrived()
    {
        _lastMessage = _time.GetTimestamp();
        _messagesSincePing++;
    }

    public void AckMoved() => _lastProgress = _lastAck = _time.GetTimestamp();

    /// <returns>Whether to ping again now: the first round trip on a link is the slowest, and everything that grows goes by the shortest.</returns>
    public bool PongArrived(ulong nonce)
    {
        if (nonce != _nonce || _pingedAt is not { } sent)
        {
            return false;
        }

        var roundTrip = _time.GetElapsedTime(sent);
        RoundTrip = _pongs > 0 && RoundTrip < roundTrip ? RoundTrip : roundTrip;
        _pingedAt = null;
        _pongDeadline = WireDefaults.PongDeadline;
        return ++_pongs < FirstPings;
    }

    /// <summary>Begins a ping and returns its nonce; one that is under way already goes on.</summary>
    public ulong Ping()
    {
        if (_pingedAt is null)
        {
            _nonce++;
            _pingedAt = _lastPing = _time.GetTimestamp();
            _messagesSincePing = 0;
        }

        return _nonce;
    }

    /// <summary>Begins a ping that has less time for its answer, because the network is known to have changed.</summary>
    public ulong Probe()
    {
        _pingedAt = null;
        _pongDeadline = WireDefaults.ProbeDeadline;
        return Ping();
    }

    /// <param name="isUnacknowledged">Whether something was sent that the peer has not acknowledged.</param>
    public KeepAliveAction Check(bool isUnacknowledged)
    {
        if (!isUnacknowledged)
        {
            _lastProgress = _time.GetTimestamp();
        }

        var silence = _time.GetElapsedTime(_lastMessage);
        if (silence >= WireDefaults.DeadAfter
            || _time.GetElapsedTime(_lastProgress) >= WireDefaults.DeadAfter
            || (_pingedAt is { } sent && _time.GetElapsedTime(Math.Max(sent, _lastAck)) >= _pongDeadline))
        {
            return KeepAliveAction.GiveUp;
        }

        // On a busy link a ping measures the path now and then; on an idle one the side that was asked last need not ask.
        var isDue = silence >= WireDefaults.PingInterval
            || (_messagesSincePing >= Busy && _time.GetElapsedTime(_lastPing) >= WireDefaults.PingInterval);
        return isDue && _pingedAt is null ? KeepAliveAction.Ping : KeepAliveAction.None;
    }
}

/// <summary>What to do about the silence of a peer.</summary>
internal enum KeepAliveAction
{
    None,
    Ping,
    GiveUp,
}
