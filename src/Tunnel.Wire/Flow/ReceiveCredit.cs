namespace Tunnel.Wire.Flow;

/// <summary>
/// How far the peer may send in one direction of an exchange. Credit follows what the application consumed, so a reader that stands
/// still holds at most one window. Owned by the exchange and guarded by its lock.
/// </summary>
internal struct ReceiveCredit(int window, bool withheld)
{
    private long _received;
    private long _consumed;
    private long _granted = withheld ? 0 : window;

    /// <summary>Counts arriving bytes.</summary>
    /// <exception cref="WireFormatException">The peer sent more than it was granted.</exception>
    public void Received(int count)
    {
        _received += count;
        if (_received > _granted)
        {
            throw new WireFormatException("The peer sent more than its credit.");
        }
    }

    /// <summary>Counts consumed bytes; returns the new limit to tell the peer, or 0 while less than half a window would be gained.</summary>
    public long Consumed(long count)
    {
        _consumed += count;
        return Grant();
    }

    /// <summary>The new limit to tell the peer, or 0. Also grants the first window where it was withheld.</summary>
    public long Grant()
    {
        var limit = _consumed + window;
        if (limit - _granted < window / 2)
        {
            return 0;
        }

        _granted = limit;
        return limit;
    }
}
