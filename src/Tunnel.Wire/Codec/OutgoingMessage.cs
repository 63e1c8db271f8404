namespace Tunnel.Wire.Codec;

/// <summary>
/// A message on its way to a link. There is room in front of it in the same memory, so that a link that adds a header of its own sends both
/// with one write and without a copy.
/// </summary>
internal readonly struct OutgoingMessage
{
    /// <summary>Bytes in front of every message that are the link's.</summary>
    public const int HeaderRoom = 4;

    /// <param name="memory">The room, then the message. The sender's, who keeps it until the send has ended.</param>
    public OutgoingMessage(Memory<byte> memory) => WithRoom = memory;

    public Memory<byte> WithRoom { get; }

    public ReadOnlyMemory<byte> Message => WithRoom[HeaderRoom..];

    public static OutgoingMessage Copy(ReadOnlySpan<byte> message)
    {
        var memory = new byte[HeaderRoom + message.Length];
        message.CopyTo(memory.AsSpan(HeaderRoom));
        return new OutgoingMessage(memory);
    }
}
