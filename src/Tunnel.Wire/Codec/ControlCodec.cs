using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Codec;

/// <summary>Records of the control lane to bytes and back (PROTOCOL.md, Messages).</summary>
internal static class ControlCodec
{
    /// <summary>Writes a record behind what a control message holds already.</summary>
    public static int Write(Span<byte> destination, in ControlRecord record)
    {
        destination[0] = (byte)record.Type;
        var length = 1 + Varint.Write(destination[1..], record.First);
        return HasSecond(record.Type) ? length + Varint.Write(destination[length..], record.Second) : length;
    }

    /// <summary>Takes one record from the front of a control message's rest.</summary>
    /// <exception cref="LinkException">It is none.</exception>
    public static ControlRecord Read(ref ReadOnlySpan<byte> rest)
    {
        var type = (ControlType)rest[0];
        if (type is < ControlType.Ping or > ControlType.Close)
        {
            throw new LinkException("A control record is of an unknown type.");
        }

        try
        {
            rest = rest[1..];
            var first = Varint.Read(ref rest);
            return new ControlRecord(type, first, HasSecond(type) ? Varint.Read(ref rest) : 0);
        }
        catch (WireFormatException exception)
        {
            throw new LinkException(exception.Message);
        }
    }

    private static bool HasSecond(ControlType type) => type is ControlType.Credit or ControlType.GoAway;
}
