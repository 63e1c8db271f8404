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

    /// <summary>Takes one frame from the front of a message.</summary>
    public static FrameHeader Read(ref ReadOnlySpan<byte> message, out ReadOnlySpan<byte> payload)
    {
        var first = message[0];
        message = message[1..];
        var exchangeId = Varint.Read(ref message);
        var length = Varint.Read(ref message);
        if (exchangeId > uint.MaxValue || length > (ulong)message.Length)
        {
            throw new WireFormatException("A frame does not fit into its message.");
        }

        payload = message[..(int)length];
        message = message[(int)length..];
        return new FrameHeader((FrameType)(first & 0x0F), (FrameFlags)(first & 0xF0), (uint)exchangeId, (int)length);
    }
}
