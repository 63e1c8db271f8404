using System.Buffers.Binary;

namespace Tunnel.Testing;

/// <summary>A message of a link, on one of its two lanes.</summary>
internal abstract record PlainMessage : IPlain
{
    public const int MostBytes = 131_072;
    private const ulong AckWantedBit = 1UL << 62;

    /// <summary>A piece of the sender's sequence.</summary>
    public sealed record Data(long Offset, bool AckWanted, byte[] Bytes) : PlainMessage;

    public sealed record Control(IReadOnlyList<PlainRecord> Records) : PlainMessage;

    public byte[] Encode()
    {
        var writer = new PlainWriter();
        if (this is Data data)
        {
            Span<byte> offset = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(offset, (ulong)data.Offset | (data.AckWanted ? AckWantedBit : 0));
            return writer.Bytes(offset).Bytes(data.Bytes).ToArray();
        }

        writer.Byte(0x80);
        foreach (var record in ((Control)this).Records)
        {
            record.Encode(writer);
        }

        return writer.ToArray();
    }

    public static PlainMessage Decode(ReadOnlyMemory<byte> message)
    {
        if (message.Length is 0 or > MostBytes)
        {
            throw new PlainFormatException($"a message has {message.Length} bytes, and 1 to {MostBytes} are allowed");
        }

        var reader = new PlainReader(message);
        if (message.Span[0] >= 0x80)
        {
            if (reader.Byte("the lane") != 0x80)
            {
                throw new PlainFormatException($"a message begins with {message.Span[0]:X2}, and the control lane with 80");
            }

            var records = new List<PlainRecord>();
            while (reader.Left > 0)
            {
                records.Add(PlainRecord.Decode(reader));
            }

            return new Control(records);
        }

        if (message.Length < 9)
        {
            throw new PlainFormatException($"a message of the data lane has {message.Length} bytes, and 8 of offset and 1 of sequence are the least");
        }

        var first = BinaryPrimitives.ReadUInt64BigEndian(reader.Bytes(8, "the offset"));
        return new Data((long)(first & ~AckWantedBit), (first & AckWantedBit) != 0, reader.Bytes((ulong)reader.Left, "the sequence"));
    }

    public string Describe() => this switch
    {
        Data data => $"message offset={data.Offset} ack-wanted={(data.AckWanted ? "yes" : "no")} bytes={Convert.ToHexString(data.Bytes)}",
        Control control => "control " + string.Join(' ', control.Records),
        _ => throw new InvalidOperationException(),
    };

    public sealed override string ToString() => Describe();
}
