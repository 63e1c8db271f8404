using System.Buffers;
using Tunnel.Wire.Codec;

namespace Tunnel.Wire.Session;

/// <summary>A head as it came, in pooled memory. Whoever takes it from the exchange owns it and disposes it once.</summary>
internal struct ReceivedHead : IDisposable
{
    private byte[]? _buffer;
    private readonly int _length;

    public ReceivedHead(ReadOnlySpan<byte> head)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(head.Length, 1));
        _length = head.Length;
        head.CopyTo(_buffer);
    }

    public readonly bool IsPresent => _buffer is not null;

    public readonly int Length => _length;

    public readonly HeadReader Read() => new(_buffer.AsSpan(0, _length));

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
