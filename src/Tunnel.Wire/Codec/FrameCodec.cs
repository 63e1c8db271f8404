using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Codec;

/// <summary>Frame headers to bytes and back (PROTOCOL.md, Frames).</summary>
internal static class FrameCodec
{
    public static int Write(Span<byte> destination, in FrameHeader header)
    {
        destination[0] = (byte)((byte)header.Type | (byte)header.Flags);
        var length = 1;
        length += Varint.Write(destination[length..], header.ExchangeId);
        length += Varint.Write(destination[length..], (uint)header.PayloadLength);
        return length;
    }

    /// <summary>Reads a frame's header.</summary>
    /// <returns>The header's length, or 0 while bytes of it are missing.</returns>
    /// <exception cref="WireFormatException">This is no frame of the protocol, whatever follows.</exception>
    public static int TryRead(ReadOnlySpan<byte> source, out FrameHeader header)
    {
        header = default;
        if (source.Length < 3 || !TryReadNumber(source, 1, out var exchangeId, out var length)
            || !TryReadNumber(source, length, out var payloadLength, out length))
        {
            return 0;
        }

        var type = (FrameType)(source[0] & 0x0F);
        var flags = (FrameFlags)(source[0] & 0xF0);
        header = new FrameHeader(type, flags, exchangeId, (int)Math.Min(payloadLength, int.MaxValue));
        return IsAllowed(header) ? length : throw new WireFormatException(
            "A frame is of an unknown type, of no stream, too large, or has a flag that its type does not have.");
    }

    private static bool IsAllowed(in FrameHeader header) => header.ExchangeId != 0 && header.Type switch
    {
        FrameType.Head => header.PayloadLength <= WireDefaults.MaxHeadSize
            && (header.Flags & ~(FrameFlags.End | FrameFlags.Trailers | FrameFlags.NoCredit)) == 0
            && (header.IsEnd || !header.IsTrailers),
        FrameType.Data => header.PayloadLength <= WireDefaults.MaxDataPayload && (header.Flags & ~FrameFlags.End) == 0,
        FrameType.Reset or FrameType.Stop => header.PayloadLength == 1 && header.Flags == FrameFlags.None,
        _ => false,
    };

    /// <summary>A varint of at most five bytes that fits into 32 bits.</summary>
    private static bool TryReadNumber(ReadOnlySpan<byte> source, int start, out uint value, out int end)
    {
        ulong number = 0;
        value = 0;
        for (end = start; end < source.Length; end++)
        {
            var part = source[end];
            number |= (ulong)(part & 0x7F) << (7 * (end - start));
            if (number > uint.MaxValue || (end - start == 4 && part >= 0x80))
            {
                throw new WireFormatException("A number in a frame's header is too large.");
            }

            if (part < 0x80)
            {
                value = (uint)number;
                end++;
                return true;
            }
        }

        return false;
    }
}
