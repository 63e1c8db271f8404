namespace Tunnel.Wire.Flow;

/// <summary>
/// How far the peer may send in one direction of an exchange. Credit follows what the application consumed, so a reader that stands
/// still holds at most one window; the window grows for who reads as fast as the path delivers, and shrinks for who does not. Owned by
/// the exchange and guarded by its lock.
/// </summary>
internal struct ReceiveWindow
{
    private static readonly TimeSpan Brisk = TimeSpan.FromMilliseconds(250);
    private const int Modest = 256 * 1024; // 4 streams of it are what a fast link takes in a millisecond; more has to be earned by the path
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    // Credit that came in halves of a large window would let the sender use no more than one half: what completes the second one is often
    // at the front of the next burst, and a round trip passes before it is here.
    private const long LargestStep = 256 * 1024;

    private readonly CreditPool _pool;
    private readonly TimeProvider _time;
    private long _received;
    private long _consumed;
    private long _size = WireDefaults.CreditFloor;
    private long _growth; // reserved from the pool; covers _size and what was granted, less the floor
    private long _measuredAt;
    private long _measuredTo; // what was consumed then
    private readonly long _initial;

    /// <param name="pool">The session's. The floor has been reserved.</param>
    /// <param name="time">Says how fast the application reads.</param>
    /// <param name="withheld">Nothing is granted before the application reads.</param>
    public ReceiveWindow(CreditPool pool, TimeProvider time, bool withheld)
    {
        _pool = pool;
        _time = time;
        _measuredAt = time.GetTimestamp();
        Granted = _initial = withheld ? 0 : WireDefaults.CreditFloor;
    }

    /// <summary>The limit that the peer was told, or knows from the start.</summary>
    public long Granted { get; private set; }

    /// <summary>Whether the peer knows its limit from a message only, which a lost link may have lost.</summary>
    public readonly bool IsTold => Granted != _initial;

    /// <summary>Bytes that have arrived.</summary>
    public readonly long Total => _received;

    /// <summary>Counts arriving bytes.</summary>
    /// <exception cref="WireFormatException">The peer sent more than it was granted.</exception>
    public void Received(int count)
    {
        _received += count;
        if (_received > Granted)
        {
            throw new WireFormatException("The peer sent more than its credit.");
        }
    }

    /// <summary>Counts consumed bytes; returns the new limit to tell the peer, or 0 while less than half a window, or a large step, would be gained.</summary>
    public long Consumed(long count, TimeSpan roundTrip)
    {
        _consumed += count;
        if (_consumed + _size - Granted < Math.Min(_size / 2, LargestStep))
        {
            return 0;
        }

        if (_consumed - _measuredTo >= _size / 2)
        {
            Adapt(roundTrip);
        }

        var limit = _consumed + _size;
        if (limit <= Granted)
        {
            return 0; // it has shrunk; what was granted stays granted
        }

        Granted = limit;
        return limit;
    }

    /// <summary>Gives the memory back: nothing more is taken in, and nothing that was is kept.</summary>
    public void Release()
    {
        _pool.Release(_growth);
        _pool.ReleaseFloor();
        _growth = 0;
    }

    private void Adapt(TimeSpan roundTrip)
    {
        var taken = _time.GetElapsedTime(_measuredAt);
        _measuredAt = _time.GetTimestamp();
        _measuredTo = _consumed;
        var fast = PathTime.OfTwoRoundTrips(roundTrip);

        // The second case does not need to know the path: the sender stood still for want of credit, and the reader was not to blame.
        if ((taken <= fast || (_consumed == Granted && taken <= Brisk && _size < Modest)) && _size < WireDefaults.MaxWindow)
        {
            var growth = _pool.Grow(Math.Min(_size, WireDefaults.MaxWindow - _size));
            _size += growth;
            _growth += growth;
        }
        else if (taken > Idle && _size > WireDefaults.CreditFloor)
        {
            _size = Math.Max(_size / 2, WireDefaults.CreditFloor);
            var needed = Math.Max(_size, Granted - _consumed) - WireDefaults.CreditFloor;
            if (needed < _growth)
            {
                _pool.Release(_growth - needed);
                _growth = needed;
            }
        }
    }
}
