using Tunnel.Wire.Flow;

namespace Tunnel.Wire.Tests.Flow;

public sealed class ReceiveWindowTests
{
    private const long Floor = WireDefaults.CreditFloor;
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(50);
    private readonly MemoryBudget _budget = new(1024L * 1024 * 1024);
    private readonly FakeTime _time = new();
    private ReceiveWindow _window;
    private long _consumed;

    public ReceiveWindowTests()
    {
        var pool = new CreditPool(_budget);
        Assert.True(pool.TryReserveFloor());
        _window = new ReceiveWindow(pool, _time, withheld: false);
    }

    [Fact]
    public void Credit_ComesWhenHalfOfTheWindowWouldBeGained()
    {
        _time.Advance(TimeSpan.FromSeconds(1)); // neither fast nor idle
        Assert.Equal(0, Consume((Floor / 2) - 1, 0));
        Assert.Equal((Floor / 2) + Floor, Consume(1, 0));
        Assert.Equal(0, Consume(0, 0));
    }

    [Theory]
    [InlineData(99, true)] // two round trips
    [InlineData(150, false)]
    public void Window_Doubles_WhenHalfOfItWasConsumedWithinTwoRoundTrips(int milliseconds, bool grows)
    {
        Assert.Equal((Floor / 2) + (grows ? 2 : 1) * Floor, Consume(Floor / 2, milliseconds));
        Assert.Equal((grows ? 2 : 1) * Floor, _budget.Reserved);
    }

    [Theory]
    [InlineData(249, true)]
    [InlineData(300, false)]
    public void Window_Doubles_WhenTheSenderStoodStillForWantOfCredit(int milliseconds, bool grows) =>
        Assert.Equal(Floor + (grows ? 2 : 1) * Floor, Consume(Floor, milliseconds));

    [Fact]
    public void Window_OfASlowReader_ShrinksAndKeepsTheMemoryForWhatWasGranted()
    {
        Consume(Floor / 2, 1);
        Consume(Floor, 1);
        Consume(2 * Floor, 1);
        Assert.Equal(8 * Floor, _budget.Reserved);
        var granted = _window.Granted;

        Assert.Equal(0, Consume(granted - _consumed - (4 * Floor), 5_000)); // four floors are left, and that is the new window

        Assert.Equal(granted, _window.Granted);
        Assert.True(_budget.Reserved >= granted - _consumed, "Less is reserved than the peer may send.");
        Assert.Equal(4 * Floor, _budget.Reserved);
        _window.Release();
        Assert.Equal(0, _budget.Reserved);
    }

    [Fact]
    public void Window_ThatShrinksWhileMuchIsGranted_KeepsTheMemoryForAllOfIt()
    {
        Consume(Floor / 2, 1);
        Consume(Floor, 1);
        Consume(2 * Floor, 1);
        Consume(4 * Floor, 5_000); // half of the window: what is granted is still above the new one
        Assert.True(_budget.Reserved >= _window.Granted - _consumed, "Less is reserved than the peer may send.");
        _window.Release();
        Assert.Equal(0, _budget.Reserved);
    }

    [Fact]
    public void Window_EndsAtItsLargest_AndGivesAllOfItBack()
    {
        for (var round = 0; round < 40; round++)
        {
            Consume(_window.Granted - _consumed, 1);
        }

        Assert.Equal(WireDefaults.MaxWindow, _window.Granted - _consumed);
        Assert.Equal(WireDefaults.MaxWindow, _budget.Reserved);
        _window.Release();
        Assert.Equal(0, _budget.Reserved);
    }

    [Fact]
    public void Credit_ThatIsTheInitialOne_IsNotToldAgain()
    {
        Assert.False(_window.IsTold);
        Consume(Floor, 1);
        Assert.True(_window.IsTold);
    }

    private long Consume(long count, int milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _consumed += count;
        return _window.Consumed(count, RoundTrip);
    }
}
