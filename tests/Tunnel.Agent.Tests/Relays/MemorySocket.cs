using System.IO.Pipelines;
using System.Net.WebSockets;
using Tunnel.Wire;

namespace Tunnel.Agent.Tests.Relays;

/// <summary>Two ends of a WebSocket in memory. Aborting one is for the other a connection that breaks.</summary>
internal static class MemorySocket
{
    public static (WebSocket Relay, WebSocket Agent) CreatePair(string? subprotocol = WireDefaults.Subprotocol)
    {
        var down = new Pipe();
        var up = new Pipe();
        return (
            Create(new Duplex(up.Reader, down.Writer), isServer: true),
            Create(new Duplex(down.Reader, up.Writer), isServer: false));

        WebSocket Create(Stream stream, bool isServer) => WebSocket.CreateFromStream(
            stream, new WebSocketCreationOptions { IsServer = isServer, SubProtocol = subprotocol });
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : Stream
    {
        private readonly Stream _input = input.AsStream();
        private readonly Stream _output = output.AsStream();

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _input.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _output.WriteAsync(buffer, cancellationToken);
            await _output.FlushAsync(cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            // What is pending at either end ends with it.
            output.CancelPendingFlush();
            output.Complete();
            input.CancelPendingRead();
            base.Dispose(disposing);
        }
    }
}
