namespace Tunnel.Relay.Registry;

/// <summary>Counts what waits for the agents of one pool, within the bounds of PROTOCOL.md (Parking and retry).</summary>
internal sealed class ParkedRequests
{
    private readonly Lock _gate = new(); // guards the fields below
    private int _count;
    private long _headBytes;

    public bool TryAdd(int headBytes)
    {
        lock (_gate)
        {
            if (_count >= RelayDefaults.ParkedPerTunnel || _headBytes + headBytes > RelayDefaults.ParkedHeadBytesPerTunnel)
            {
                return false;
            }

            _count++;
            _headBytes += headBytes;
            return true;
        }
    }

    public void Remove(int headBytes)
    {
        lock (_gate)
        {
            _count--;
            _headBytes -= headBytes;
        }
    }
}
