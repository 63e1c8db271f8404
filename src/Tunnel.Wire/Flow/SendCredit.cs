namespace Tunnel.Wire.Flow;

/// <summary>
/// How far one direction of an exchange may send. Offsets are absolute, so that a repeated or overtaken credit frame does no harm.
/// Owned by the exchange and guarded by its lock.
/// </summary>
internal struct SendCredit(long limit)
{
    private long _sent;
    private long _limit = limit;

    public readonly long Available => _limit - _sent;

    public readonly long Total => _sent;

    /// <summary>Grows with every byte that is sent, and with every byte that the other side took and gave credit for.</summary>
    public readonly long Moved => _limit + _sent;

    public void Sent(int count) => _sent += count;

    /// <summary>Returns whether the limit moved.</summary>
    public bool Raise(long limit)
    {
        if (limit <= _limit)
        {
            return false;
        }

        _limit = limit;
        return true;
    }
}
