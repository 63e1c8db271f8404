using System.Threading.Channels;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Testing;

/// <summary>Two ends of a link that carries messages in memory. What was sent before an abort still arrives, then the receiver fails.</summary>
internal sealed class MemoryLink(Channel<byte[]> incoming, Channel<byte[]> outgoing) : ILink
{
    public static (MemoryLink Relay, MemoryLink Agent) CreatePair()
    {
        var down = Channel.CreateUnbounded<byte[]>();
        var up = Channel.CreateUnbounded<byte[]>();
        return (new MemoryLink(up, down), new MemoryLink(down, up));
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync() =>
        await incoming.Reader.WaitToReadAsync() && incoming.Reader.TryRead(out var message) ? message : default;

    public ValueTask SendAsync(OutgoingMessage message) =>
        outgoing.Writer.TryWrite(message.Message.ToArray()) ? default : ValueTask.FromException(new IOException("The link in memory has ended."));

    public Task CloseAsync()
    {
        outgoing.Writer.TryComplete();
        return Task.CompletedTask;
    }

    public void Abort()
    {
        var error = new IOException("The link in memory was aborted.");
        outgoing.Writer.TryComplete(error);
        incoming.Writer.TryComplete(error);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
