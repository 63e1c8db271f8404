using System.Buffers;
using System.Text;

namespace Tunnel.Wire.Codec;

/// <summary>
/// Writes one head (PROTOCOL.md, Heads) into memory that is reused from head to head. Create one with <see cref="Rent"/>, return it with
/// <see cref="Dispose"/>; between the two it belongs to one thread.
/// </summary>
internal sealed class HeadWriter : IDisposable
{
    [ThreadStatic]
    private static HeadWriter? _cached;

    private byte[] _buffer = new byte[4096];
    private int _length;

    private HeadWriter()
    {
    }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public static HeadWriter Rent()
    {
        var writer = _cached ?? new HeadWriter();
        _cached = null;
        writer._length = 0;
        return writer;
    }

    public void Number(ulong value)
    {
        EnsureRoom(10);
        _length += Varint.Write(_buffer.AsSpan(_length), value);
    }

    public void Text(ReadOnlySpan<char> value)
    {
        // A varint of the byte count comes first; the count is known at once when every char is ASCII, the usual case.
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        EnsureRoom(most + 5);
        if (Ascii.IsValid(value))
        {
            _length += Varint.Write(_buffer.AsSpan(_length), (uint)value.Length);
            Ascii.FromUtf16(value, _buffer.AsSpan(_length), out var written);
            _length += written;
            return;
        }

        var count = Encoding.UTF8.GetByteCount(value);
        _length += Varint.Write(_buffer.AsSpan(_length), (uint)count);
        _length += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length));
    }

    /// <summary>Adds a header line: the name's number, or 0 and the name, then the value.</summary>
    /// <exception cref="InvalidOperationException">The value holds a control character, which would let it pass for several lines.</exception>
    public void Header(string name, string value)
    {
        if (value.AsSpan().ContainsAny(ForbiddenInValues))
        {
            throw new InvalidOperationException($"The value of the header '{name}' holds a control character (RFC 9110 section 5.5).");
        }

        var number = HeaderNames.NumberOf(name);
        EnsureRoom(1);
        _buffer[_length++] = number;
        if (number == 0)
        {
            Text(name);
        }

        Text(value);
    }

    /// <summary>Ends the header lines.</summary>
    /// <exception cref="HeadTooLargeException">The head is larger than a link carries.</exception>
    public void EndHeaders()
    {
        if (_length > WireDefaults.MaxHeadSize)
        {
            throw new HeadTooLargeException();
        }
    }

    public void Dispose() => _cached = _buffer.Length <= WireDefaults.MaxHeadSize ? this : null;

    private static readonly SearchValues<char> ForbiddenInValues = SearchValues.Create("\0\r\n");

    private void EnsureRoom(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        }
    }
}
