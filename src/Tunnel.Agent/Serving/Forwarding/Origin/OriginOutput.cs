using System.Buffers;
using System.Text;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>Gathers what is sent on a connection, so that a head and a short body leave together. Holds no memory while nothing waits.</summary>
internal sealed class OriginOutput(Stream stream)
{
    /// <summary>What has reached this size is worth a send of its own.</summary>
    public const int FlushSize = 32 * 1024;

    private byte[] _buffer = [];
    private int _length;

    public bool IsFull => _length >= FlushSize;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    public void WriteHexadecimal(long value)
    {
        value.TryFormat(Room(16), out var written, "x");
        _length += written;
    }

    /// <summary>
    /// Each char of a header's value is one of its octets. Other texts are ASCII wherever servers are strict; what is not was read as UTF-8.
    /// </summary>
    public void Write(string text)
    {
        var encoding = text.AsSpan().ContainsAnyExceptInRange('\0', '\xFF') ? Encoding.UTF8 : Encoding.Latin1;
        _length += encoding.GetBytes(text, Room(encoding.GetMaxByteCount(text.Length)));
    }

    public void WriteHeader(string name, string value)
    {
        Write(name);
        Write(": "u8);
        Write(value);
        Write("\r\n"u8);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_length == 0)
        {
            return;
        }

        try
        {
            await stream.WriteAsync(_buffer.AsMemory(0, _length), cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>Forgets what was not sent.</summary>
    public void Clear()
    {
        var buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private Span<byte> Room(int count)
    {
        if (_buffer.Length - _length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, Math.Min(FlushSize, Math.Max(4096, _buffer.Length * 2))));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            if (_buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }

        return _buffer.AsSpan(_length);
    }
}
