using System.Text;

namespace Tunnel.Testing;

/// <summary>Bytes that are not what PROTOCOL.md says.</summary>
internal sealed class PlainFormatException(string message) : Exception(message);

/// <summary>Something of PROTOCOL.md that has bytes, and words as in its vectors.</summary>
internal interface IPlain
{
    byte[] Encode();

    string Describe();
}

/// <summary>Writes PROTOCOL.md's numbers and texts.</summary>
internal sealed class PlainWriter
{
    private readonly List<byte> _bytes = [];

    public PlainWriter Byte(int value)
    {
        _bytes.Add(checked((byte)value));
        return this;
    }

    public PlainWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PlainWriter Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.Add((byte)(value | 0x80));
        }

        _bytes.Add((byte)value);
        return this;
    }

    public PlainWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Varint((ulong)bytes.Length).Bytes(bytes);
    }

    /// <summary>A header's value: each char is one octet.</summary>
    public PlainWriter Octets(string octets) => Varint((ulong)octets.Length).Bytes(Encoding.Latin1.GetBytes(octets));

    public byte[] ToArray() => [.. _bytes];
}

/// <summary>Reads PROTOCOL.md's numbers and texts.</summary>
internal sealed class PlainReader(ReadOnlyMemory<byte> bytes)
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private int _position;

    public int Left => bytes.Length - _position;

    public int Position => _position;

    public byte Byte(string what) => Left > 0 ? bytes.Span[_position++] : throw new PlainFormatException($"{what} is missing");

    public byte[] Bytes(ulong count, string what)
    {
        if (count > (ulong)Left)
        {
            throw new PlainFormatException($"{what} has {count} bytes, and only {Left} are left");
        }

        _position += (int)count;
        return bytes.Slice(_position - (int)count, (int)count).ToArray();
    }

    public ulong Varint(string what)
    {
        UInt128 value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Byte(what);
            value |= (UInt128)(next & 0x7Fu) << shift;
            if (next < 0x80)
            {
                return value <= ulong.MaxValue ? (ulong)value : throw new PlainFormatException($"{what} has more than 64 bits");
            }
        }

        throw new PlainFormatException($"{what} is a varint of more than 10 bytes");
    }

    /// <summary>A header's value: each char is one octet.</summary>
    public string Octets(string what) => Encoding.Latin1.GetString(Bytes(Varint(what), what));

    public string Text(string what) => Utf8.GetString(Bytes(Varint(what), what));
}
