using System.Buffers;
using Tunnel.Wire.Codec;

namespace Tunnel.Wire.Session;

/// <summary>A head as it came, in pooled memory. Whoever takes it from the exchange owns it and disposes it once.</summary>
internal struct ReceivedHead : IDisposable
{
    private byte[]? _buffer;
    private readonly int _length;
    private int _read;

    public ReceivedHead(ReadOnlySpan<byte> head)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(head.Length, 1));
        _length = head.Length;
        head.CopyTo(_buffer);
    }

    public readonly bool IsPresent => _buffer is not null;

    public readonly int Length => _length;

    /// <summary>What was not skipped of it.</summary>
    public readonly HeadReader Read() => new(_buffer.AsSpan(_read, _length - _read));

    /// <summary>Lets the next reader begin where this one stands.</summary>
    public void SkipTo(in HeadReader reader) => _read = _length - reader.Left;

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
