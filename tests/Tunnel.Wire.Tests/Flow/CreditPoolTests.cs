using Tunnel.Wire.Flow;

namespace Tunnel.Wire.Tests.Flow;

public sealed class CreditPoolTests
{
    [Fact]
    public async Task Windows_ThatGrowAtOnce_NeverHaveMoreThanThePool()
    {
        for (var round = 0; round < 300; round++)
        {
            var budget = new MemoryBudget(4 * WireDefaults.SessionPool);
            var pool = new CreditPool(budget);
            using var start = new Barrier(4);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return pool.Grow(WireDefaults.SessionPool);
                },
                TestContext.Current.CancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));
            Assert.InRange(budget.Reserved, 1, WireDefaults.SessionPool);
        }
    }

    [Fact]
    public void Growth_TakesAtMostHalfOfWhatIsLeft_AndComesBack()
    {
        var budget = new MemoryBudget(4 * WireDefaults.SessionPool);
        var pool = new CreditPool(budget);
        var first = pool.Grow(WireDefaults.SessionPool);
        var second = pool.Grow(WireDefaults.SessionPool);
        Assert.Equal(WireDefaults.SessionPool / 2, first);
        Assert.Equal(WireDefaults.SessionPool / 4, second);
        pool.Release(first);
        pool.Release(second);
        Assert.Equal(0, budget.Reserved);
        Assert.Equal(first, pool.Grow(WireDefaults.SessionPool));
    }

    [Fact]
    public void Growth_ThatTheBudgetRefuses_IsNotTakenFromThePool()
    {
        var pool = new CreditPool(new MemoryBudget(WireDefaults.CreditFloor));
        for (var time = 0; time < 10; time++)
        {
            Assert.Equal(0, pool.Grow(WireDefaults.SessionPool / 2));
        }

        Assert.Equal(WireDefaults.CreditFloor, pool.Grow(WireDefaults.CreditFloor));
    }
}
