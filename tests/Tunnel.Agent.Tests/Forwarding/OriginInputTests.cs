using System.Buffers;
using Tunnel.Agent.Serving.Forwarding.Origin;

namespace Tunnel.Agent.Tests.Forwarding;

public sealed class OriginInputTests
{
    [Fact]
    public void MemoryOfAReadThatNobodyWaitsForAnyMoreIsNotUsedAgain()
    {
        using var target = new PendingStream();
        var input = new OriginInput(target);
        Assert.False(input.ReadAsync().IsCompleted); // given up: the visitor has left

        input.Dispose();

        var next = ArrayPool<byte>.Shared.Rent(target.Pending.Length);
        Assert.False(target.Pending.Overlaps(next));
        ArrayPool<byte>.Shared.Return(next);
    }

    private sealed class PendingStream : MemoryStream
    {
        private Memory<byte> _pending;

        public ReadOnlySpan<byte> Pending => _pending.Span;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _pending = buffer;
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
