using Tunnel.Wire.Flow;

namespace Tunnel.Wire.Tests.Flow;

/// <summary>What a window lets through on a path of 100 ms that is quick otherwise, for a reader who takes everything at once.</summary>
public sealed class LongPathTests
{
    private const int Piece = 48 * 1024; // no divisor of a window: credit steps and readers do not keep in step
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PieceTime = TimeSpan.FromMicroseconds(100); // 490 MB/s, three times what the window is for

    [Fact]
    public void LargestWindow_IsUsedAsAWhole()
    {
        var time = new FakeTime();
        var pool = new CreditPool(new MemoryBudget(long.MaxValue));
        Assert.True(pool.TryReserveFloor());
        var window = new ReceiveWindow(pool, time, withheld: false);
        var start = time.GetTimestamp();
        var credits = new Queue<(long Limit, TimeSpan Known)>([(window.Granted, TimeSpan.Zero)]);
        var sent = TimeSpan.Zero;
        long received = 0;
        long atTwoSeconds = 0;
        for (var now = TimeSpan.Zero; now < TimeSpan.FromSeconds(7);)
        {
            // The sender sends what it has credit for, in pieces, and the last one of its credit may be a short one.
            while (credits.Peek().Limit == received)
            {
                credits.Dequeue();
            }

            var (limit, known) = credits.Peek();
            var count = (int)Math.Min(Piece, limit - received);
            sent = (sent > known ? sent : known) + PieceTime;
            time.Advance(sent + OneWay - now);
            now = time.GetElapsedTime(start);
            received += count;
            window.Received(count);
            if (window.Consumed(count, 2 * OneWay) is > 0 and var granted)
            {
                credits.Enqueue((granted, now + OneWay));
            }

            atTwoSeconds = now < TimeSpan.FromSeconds(2) ? received : atTwoSeconds;
        }

        var perRoundTrip = (received - atTwoSeconds) / 5.0 * (2 * OneWay).TotalSeconds;
        Assert.InRange(perRoundTrip, 0.95 * WireDefaults.MaxWindow, WireDefaults.MaxWindow);
    }
}
