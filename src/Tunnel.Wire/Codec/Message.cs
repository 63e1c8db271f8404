using System.Buffers.Binary;

namespace Tunnel.Wire.Codec;

/// <summary>The start of a message on the link: which lane it belongs to, and for the data lane its place in the sequence.</summary>
internal static class Message
{
    /// <summary>Bytes in front of a piece of the sequence.</summary>
    public const int DataHeaderSize = 8;

    /// <summary>The first byte of a control message.</summary>
    public const byte Control = 0x80;

    private const byte AckWantedBit = 0x40;
    private const ulong OffsetMask = (1UL << 62) - 1;

    public static void WriteDataHeader(Span<byte> message, long offset, bool ackWanted)
    {
        BinaryPrimitives.WriteUInt64BigEndian(message, (ulong)offset);
        if (ackWanted)
        {
            message[0] |= AckWantedBit;
        }
    }

    /// <summary>Takes the header from the front of a data message.</summary>
    /// <exception cref="LinkException">The message holds nothing else.</exception>
    public static long ReadDataHeader(ref ReadOnlySpan<byte> message, out bool ackWanted)
    {
        if (message.Length <= DataHeaderSize)
        {
            throw new LinkException("A message holds no piece of the sequence.");
        }

        var word = BinaryPrimitives.ReadUInt64BigEndian(message);
        ackWanted = (message[0] & AckWantedBit) != 0;
        message = message[DataHeaderSize..];
        return (long)(word & OffsetMask);
    }

    /// <exception cref="LinkException">The message belongs to neither lane.</exception>
    public static bool IsControl(ReadOnlySpan<byte> message) => message[0] switch
    {
        Control => true,
        < Control => false,
        _ => throw new LinkException("A message belongs to neither lane."),
    };
}
