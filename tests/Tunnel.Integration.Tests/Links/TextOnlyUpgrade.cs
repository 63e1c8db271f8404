using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tunnel.Integration.Tests.Links;

/// <summary>Lets a registration through, which is text, drops what else the hub sends, and ends the connection when the agent sends something else.</summary>
internal sealed class TextOnlyUpgrade(HttpContext context) : IHttpUpgradeFeature
{
    private readonly IHttpUpgradeFeature _inner = context.Features.GetRequiredFeature<IHttpUpgradeFeature>();

    public bool IsUpgradableRequest => _inner.IsUpgradableRequest;

    public async Task<Stream> UpgradeAsync() => new TextOnlyStream(await _inner.UpgradeAsync(), context.Abort);

    private sealed class TextOnlyStream(Stream inner, Action cut) : Stream
    {
        private const byte Text = 1;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            if (count == 0 || buffer.Span[0] == Text)
            {
                return count;
            }

            cut(); // the agent has the answer to its registration, or it would not send anything else
            return 0;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.Span[0] == Text ? inner.WriteAsync(buffer, cancellationToken) : default;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
