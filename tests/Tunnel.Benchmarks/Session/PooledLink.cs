using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Benchmarks.Session;

/// <summary>An end of a link in memory that allocates nothing of its own, so that what is allocated is the session's.</summary>
internal sealed class PooledLink : ILink
{
    private readonly Channel<ArraySegment<byte>> _incoming;
    private readonly Channel<ArraySegment<byte>> _outgoing;
    private byte[]? _received; // rented by the sender; the receiver returns it with the next receive

    private PooledLink(Channel<ArraySegment<byte>> incoming, Channel<ArraySegment<byte>> outgoing) =>
        (_incoming, _outgoing) = (incoming, outgoing);

    public static (PooledLink Relay, PooledLink Agent) CreatePair()
    {
        var (up, down) = (Create(), Create());
        return (new PooledLink(up, down), new PooledLink(down, up));

        static Channel<ArraySegment<byte>> Create() =>
            Channel.CreateUnbounded<ArraySegment<byte>>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync()
    {
        if (_received is { } buffer)
        {
            _received = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }

        ArraySegment<byte> message;
        while (!_incoming.Reader.TryRead(out message))
        {
            if (!await _incoming.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                return default;
            }
        }

        _received = message.Array;
        return message;
    }

    public ValueTask SendAsync(OutgoingMessage message)
    {
        var length = message.Message.Length;
        var copy = ArrayPool<byte>.Shared.Rent(length);
        message.Message.CopyTo(copy);
        _outgoing.Writer.TryWrite(new ArraySegment<byte>(copy, 0, length));
        return ValueTask.CompletedTask;
    }

    public Task CloseAsync()
    {
        _outgoing.Writer.TryComplete();
        return Task.CompletedTask;
    }

    public void Abort()
    {
        _outgoing.Writer.TryComplete();
        _incoming.Writer.TryComplete();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
