using Microsoft.Extensions.Options;
using Tunnel.Relay.Ingress;

namespace Tunnel.Relay.Tests.Ingress;

public sealed class ResponseWaitsTests
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(8);

    private readonly ManualTime time = new();

    [Fact]
    public void A_wait_in_which_nothing_moves_ends_never_early_and_at_most_a_quarter_late()
    {
        using var waits = Create(Most);
        var wait = new Wait();
        waits.Add(new Wait()); // which arms the timer
        time.Advance(TimeSpan.FromSeconds(0.9));
        waits.Add(wait);
        time.Advance(TimeSpan.FromSeconds(0.9));
        wait.Steps++;

        time.Advance(Most - TimeSpan.FromTicks(1));
        Assert.False(wait.IsGivenUp);
        time.Advance(Most / 4);
        Assert.True(wait.IsGivenUp);
        Assert.Equal(1, wait.GivenUp);
    }

    [Fact]
    public void Only_those_that_still_wait_are_given_up_whatever_the_order_of_their_leaving()
    {
        using var waits = Create(Most);
        var random = new Random(7);
        var all = Enumerable.Range(0, 100).Select(_ => new Wait()).ToList();
        all.ForEach(waits.Add);
        var leavers = all.OrderBy(_ => random.Next()).Take(60).ToList();
        leavers.ForEach(waits.Remove);
        foreach (var again in leavers.Take(20))
        {
            waits.Add(again);
        }

        time.Advance(Most + Most / 4);

        Assert.All(all.Except(leavers.Skip(20)), wait => Assert.Equal(1, wait.GivenUp));
        Assert.All(leavers.Skip(20), wait => Assert.False(wait.IsGivenUp));
        waits.Remove(all[0]); // one that was given up
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)] // Timeout.Infinite
    public void Visitors_may_wait_for_ever(int milliseconds)
    {
        using var waits = Create(TimeSpan.FromMilliseconds(milliseconds));
        var wait = new Wait();
        waits.Add(wait);

        time.Advance(TimeSpan.FromDays(2));

        Assert.False(wait.IsGivenUp);
        waits.Remove(wait);
    }

    private ResponseWaits Create(TimeSpan timeout) => new(Options.Create(new TunnelRelayOptions { ResponseTimeout = timeout }), time);

    private sealed class Wait : ResponseWait
    {
        public int Steps { get; set; }

        public int GivenUp { get; private set; }

        public override long Moved => Steps;

        public override void GiveUp() => GivenUp++;
    }
}
