using System.Buffers;

namespace Tunnel.Wire.Resume;

/// <summary>
/// Pooled memory of an outbound log. Held by each piece in it, by the piece being filled, and by each send under way: a send on a link that
/// was given up may still read memory whose bytes the next link has acknowledged. Guarded by the lock of the log's owner.
/// </summary>
internal sealed class LogSegment(int size)
{
    private int _holders = 1;

    public byte[] Buffer { get; } = ArrayPool<byte>.Shared.Rent(size);

    public void Hold() => _holders++;

    public void Release()
    {
        if (--_holders == 0)
        {
            ArrayPool<byte>.Shared.Return(Buffer);
        }
    }
}
