namespace Tunnel.Wire.Tests.Testing;

public sealed class FakeTimeTests
{
    [Fact]
    public void Advance_PastSeveralTimers_FiresEachAtItsInstantInOrder()
    {
        var time = new FakeTime();
        var fired = new List<string>();
        void Note(object? name) => fired.Add($"{name} {time.Elapsed.TotalSeconds}");
        using var periodic = time.CreateTimer(Note, "p", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        using var late = time.CreateTimer(Note, "l", TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        using var moved = time.CreateTimer(Note, "m", TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        var gone = time.CreateTimer(Note, "g", TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        gone.Dispose();
        Assert.True(moved.Change(TimeSpan.FromSeconds(4), Timeout.InfiniteTimeSpan));
        Assert.False(gone.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan));

        time.Advance(TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal("p 2, m 4, p 4, l 5, p 6", string.Join(", ", fired));
        Assert.Equal([TimeSpan.FromSeconds(1)], time.Due);
    }

    [Fact]
    public async Task Advance_WhenTheNextTimerIsArmed_WakesCodeInALoopEveryTime()
    {
        var time = new FakeTime();
        var rounds = 0;
        async Task LoopAsync()
        {
            for (; rounds < 10; rounds++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time, TestContext.Current.CancellationToken).ConfigureAwait(false);
            }
        }

        var loop = Task.Run(LoopAsync, TestContext.Current.CancellationToken);
        for (var round = 0; round < 10; round++)
        {
            await time.WhenArmedAsync(TimeSpan.FromSeconds(1)).InTime();
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await loop.InTime();
        Assert.Equal(10, rounds);
    }

    [Fact]
    public void Jump_OverAnHour_MovesTheWallClockOnly()
    {
        var time = new FakeTime();
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMinutes(1), time);
        var (wall, stamp) = (time.GetUtcNow(), time.GetTimestamp());
        time.Jump(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromHours(1), time.GetUtcNow() - wall);
        Assert.Equal(TimeSpan.Zero, time.GetElapsedTime(stamp));
        Assert.False(cancelled.IsCancellationRequested);

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromMinutes(61), time.GetUtcNow() - wall);
        Assert.Equal(TimeSpan.FromMinutes(1), time.GetElapsedTime(stamp));
        Assert.True(cancelled.IsCancellationRequested);
    }

    [Fact]
    public async Task WhenArmedAsync_WithALeast_LeavesSoonerOnesOut()
    {
        var time = new FakeTime();
        using var periodic = time.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        var armed = time.WhenArmedAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(6));
        Assert.False(armed.IsCompleted);
        using var grace = time.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(15), Timeout.InfiniteTimeSpan);
        await armed.InTime();
    }

    [Fact]
    public async Task CreateTimer_DueNow_FiresWithoutAnAdvance()
    {
        var fired = new TaskCompletionSource();
        using var timer = new FakeTime().CreateTimer(_ => fired.TrySetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        await fired.Task.InTime();
    }
}
