using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;

namespace Tunnel.Integration.Tests.Fidelity.Grpc;

/// <summary>Messages in a stream: a flag, four bytes of length, the message.</summary>
internal static class GrpcFraming
{
    private const int PrefixLength = 5;

    /// <summary>Writes a message and flushes.</summary>
    public static async Task WriteMessageAsync(this PipeWriter writer, string message)
    {
        var content = Encoding.UTF8.GetBytes(message);
        var prefix = new byte[PrefixLength];
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), content.Length);
        writer.Write(prefix);
        writer.Write(content);
        await writer.FlushAsync();
    }

    /// <summary>Null at the end, which must not stand within a message.</summary>
    public static async Task<string?> ReadMessageAsync(this PipeReader reader, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (TryCut(read.Buffer, out var message, out var end))
            {
                reader.AdvanceTo(end);
                return message;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return read.Buffer.IsEmpty ? null : throw new EndOfStreamException($"The body ends within a message, after {read.Buffer.Length} of its bytes.");
            }
        }
    }

    private static bool TryCut(ReadOnlySequence<byte> buffer, out string message, out SequencePosition end)
    {
        (message, end) = (string.Empty, buffer.Start);
        if (buffer.Length < PrefixLength)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(buffer.Slice(1, 4).ToArray());
        if (buffer.Length < PrefixLength + length)
        {
            return false;
        }

        var content = buffer.Slice(PrefixLength, length);
        (message, end) = (Encoding.UTF8.GetString(content), content.End);
        return true;
    }
}
