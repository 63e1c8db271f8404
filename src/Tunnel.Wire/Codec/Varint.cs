namespace Tunnel.Wire.Codec;

/// <summary>Unsigned LEB128: seven bits a byte, least significant first, the high bit set on all bytes but the last.</summary>
internal static class Varint
{
    public static int Write(Span<byte> destination, ulong value)
    {
        var length = 0;
        while (value >= 0x80)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }

    /// <summary>Reads a value; a value cut short, or of more than 64 bits, is a <see cref="WireFormatException"/>.</summary>
    public static ulong Read(ref ReadOnlySpan<byte> source)
    {
        ulong value = 0;
        for (var index = 0; index < source.Length; index++)
        {
            var part = source[index];
            if (index == 9 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << (7 * index);
            if (part < 0x80)
            {
                source = source[(index + 1)..];
                return value;
            }
        }

        throw new WireFormatException("A number is cut short or too large.");
    }
}
