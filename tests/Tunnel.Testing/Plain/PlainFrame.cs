using System.Text;

namespace Tunnel.Testing;

internal enum PlainFrameType
{
    Head = 1,
    Data = 2,
    Reset = 3,
    Stop = 4,
}

/// <summary>A frame of the sequence. Encodes whatever it is given; decodes nothing that PROTOCOL.md does not allow.</summary>
internal sealed record PlainFrame(PlainFrameType Type, byte Flags, uint Stream, byte[] Payload) : IPlain
{
    public const byte End = 0x10;
    public const byte Trailers = 0x20;
    public const byte NoCredit = 0x40;

    public bool IsEnd => (Flags & End) != 0;

    /// <summary>The code of a reset or a stop.</summary>
    public byte Code => Payload[0];

    public static PlainFrame Head(uint stream, byte[] head, byte flags = 0) => new(PlainFrameType.Head, flags, stream, head);

    public static PlainFrame Data(uint stream, byte[] body, bool end = false) => new(PlainFrameType.Data, end ? End : (byte)0, stream, body);

    public static PlainFrame Reset(uint stream, byte code) => new(PlainFrameType.Reset, 0, stream, [code]);

    public static PlainFrame Stop(uint stream, byte code) => new(PlainFrameType.Stop, 0, stream, [code]);

    public byte[] Encode() => new PlainWriter()
        .Byte((byte)Type | Flags).Varint(Stream).Varint((ulong)Payload.Length).Bytes(Payload).ToArray();

    /// <summary>Takes one frame from the front, or gives null when its end has not come yet.</summary>
    public static PlainFrame? TryDecode(ReadOnlyMemory<byte> bytes, out int length)
    {
        length = 0;
        var reader = new PlainReader(bytes);
        ulong stream;
        ulong size;
        try
        {
            reader.Byte("the frame's type");
            stream = reader.Varint("a frame's stream");
            size = reader.Varint("a frame's length");
        }
        catch (PlainFormatException) when (bytes.Length < 11)
        {
            return null; // the header's end may come with the next message
        }

        var type = (PlainFrameType)(bytes.Span[0] & 0x0F);
        var flags = (byte)(bytes.Span[0] & 0xF0);
        var (allowed, least, most) = type switch
        {
            PlainFrameType.Head => (End | Trailers | NoCredit, 0, 96 * 1024),
            PlainFrameType.Data => (End, 0, 16 * 1024),
            PlainFrameType.Reset or PlainFrameType.Stop => (0, 1, 1),
            _ => throw new PlainFormatException($"a frame has the unknown type {(int)type}"),
        };
        if ((flags & ~allowed) != 0 || (flags & (Trailers | End)) == Trailers || size < (ulong)least || size > (ulong)most || stream is 0 or > uint.MaxValue || reader.Position > 11)
        {
            throw new PlainFormatException($"a {Name(type)} frame of stream {stream} has flags {flags:X2} and {size} bytes, which PROTOCOL.md does not allow");
        }

        if (size > (ulong)reader.Left)
        {
            return null;
        }

        var frame = new PlainFrame(type, flags, (uint)stream, reader.Bytes(size, "the payload"));
        length = reader.Position;
        return frame;
    }

    public static PlainFrame Decode(ReadOnlyMemory<byte> bytes) =>
        TryDecode(bytes, out var length) is { } frame && length == bytes.Length
            ? frame
            : throw new PlainFormatException("the bytes are not exactly one frame");

    public string Describe()
    {
        var flags = new StringBuilder();
        foreach (var (bit, name) in new[] { (End, "+end"), (Trailers, "+trailers"), (NoCredit, "+no-credit") })
        {
            flags.Append((Flags & bit) != 0 ? name : "");
        }

        var payload = Type is PlainFrameType.Reset or PlainFrameType.Stop && Payload.Length == 1 ? $"code={Code}"
            : Payload.Length <= 60 && Payload.All(value => value is >= 0x20 and < 0x7F) ? $"payload=\"{Encoding.ASCII.GetString(Payload)}\""
            : Payload.Length <= 60 ? $"payload=hex:{Convert.ToHexString(Payload)}"
            : $"payload={Payload.Length} bytes";
        return $"frame {Name(Type)}{flags} stream={Stream} {payload}";
    }

    public override string ToString() => Describe();

    public static string Name(PlainFrameType type) => type.ToString().ToLowerInvariant();
}
