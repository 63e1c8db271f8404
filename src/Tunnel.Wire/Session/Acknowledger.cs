namespace Tunnel.Wire.Session;

/// <summary>
/// When the peer is told how far its sequence has been received: on receipt and never on consumption, so that its log is freed whatever the
/// applications do. Guarded by the session's receiving lock, which its timer takes.
/// </summary>
internal sealed class Acknowledger : IDisposable
{
    private readonly Lock _receiving;
    private readonly Outbound _outbound;
    private readonly ITimer _timer;
    private long _received;
    private long _unacknowledged; // received bytes that the peer has not been told of
    private bool _isDue; // the timer runs

    public Acknowledger(Lock receiving, Outbound outbound, TimeProvider time)
    {
        _receiving = receiving;
        _outbound = outbound;
        _timer = time.CreateTimer(
            static state => ((Acknowledger)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A link begins: what the peer was told on the one before may be lost.</summary>
    public void Begin(long received)
    {
        _received = received;
        _unacknowledged = 0;
        if (received > 0)
        {
            _outbound.Ack(received);
        }
    }

    /// <param name="received">The sequence's offset now.</param>
    /// <param name="count">How many bytes of it are new.</param>
    /// <param name="atOnce">Whether the peer has asked.</param>
    public void Received(long received, int count, bool atOnce)
    {
        _received = received;
        _unacknowledged += count;
        if (_unacknowledged >= WireDefaults.AckAfterBytes || atOnce)
        {
            Acknowledge();
        }
        else if (!_isDue && count > 0)
        {
            _isDue = true;
            _timer.Change(WireDefaults.AckAfter, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        lock (_receiving)
        {
            _isDue = false;
            if (_unacknowledged > 0)
            {
                Acknowledge();
            }
        }
    }

    private void Acknowledge()
    {
        _unacknowledged = 0;
        _outbound.Ack(_received);
    }
}
