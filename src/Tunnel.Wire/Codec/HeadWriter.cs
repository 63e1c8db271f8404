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
        if (!TryAscii(value))
        {
            Encoded(value, Encoding.UTF8);
        }
    }

    /// <summary>Adds a header line: the name's number, or 0 and the name, then the value's octets.</summary>
    /// <param name="name">A token.</param>
    /// <param name="value">The value; each char is one octet.</param>
    /// <exception cref="InvalidOperationException">
    /// The name is no token; or the value holds a control character, which would let it pass for several lines, or one that is no octet.
    /// </exception>
    public void Header(string name, ReadOnlySpan<char> value) => Header(name, value, Encoding.Latin1);

    /// <summary>Adds a header line whose value is written in an encoding of its own; ASCII is the same in all of them.</summary>
    /// <exception cref="InvalidOperationException">The name is no token; or the value holds a control character, or one that Latin-1 does not have.</exception>
    public void Header(string name, ReadOnlySpan<char> value, Encoding encoding)
    {
        if (value.ContainsAny(ForbiddenInValues))
        {
            throw new InvalidOperationException($"The value of the header '{name}' holds a control character (RFC 9110 section 5.5).");
        }

        var number = HeaderNames.NumberOf(name);
        if (number == 0 && !Token.Is(name))
        {
            throw new InvalidOperationException($"'{name}' is no header name (RFC 9110 section 5.1).");
        }

        EnsureRoom(1);
        _buffer[_length++] = number;
        if (number == 0)
        {
            Text(name);
        }

        if (TryAscii(value))
        {
            return;
        }

        if (ReferenceEquals(encoding, Encoding.Latin1) && value.ContainsAnyExceptInRange('\0', '\xFF'))
        {
            throw new InvalidOperationException($"The value of the header '{name}' holds a character that Latin-1 does not have.");
        }

        Encoded(value, encoding);
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

    /// <summary>The usual case: as many bytes as chars, so the varint in front is known at once.</summary>
    private bool TryAscii(ReadOnlySpan<char> value)
    {
        if (!Ascii.IsValid(value))
        {
            return false;
        }

        EnsureRoom(value.Length + 5);
        _length += Varint.Write(_buffer.AsSpan(_length), (uint)value.Length);
        Ascii.FromUtf16(value, _buffer.AsSpan(_length), out var written);
        _length += written;
        return true;
    }

    private void Encoded(ReadOnlySpan<char> value, Encoding encoding)
    {
        var count = encoding.GetByteCount(value);
        EnsureRoom(count + 5);
        _length += Varint.Write(_buffer.AsSpan(_length), (uint)count);
        _length += encoding.GetBytes(value, _buffer.AsSpan(_length));
    }

    private void EnsureRoom(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        }
    }
}
