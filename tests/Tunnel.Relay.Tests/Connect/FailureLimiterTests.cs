using System.Diagnostics;
using System.Net;
using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Tests.Connect;

public sealed class FailureLimiterTests
{
    private const int Burst = 20;

    [Fact]
    public void An_address_is_refused_after_its_failures_and_nobody_else()
    {
        using var limiter = new FailureLimiter();
        for (var i = 0; i < Burst; i++)
        {
            Assert.True(limiter.Allows(IPAddress.Loopback));
            limiter.Failed(IPAddress.Loopback);
        }

        Assert.False(limiter.Allows(IPAddress.Loopback));
        Assert.True(limiter.Allows(IPAddress.Parse("192.0.2.1")));
        Assert.True(limiter.Allows(null));
    }

    [Fact]
    public async Task A_token_that_came_back_is_good_for_one_failure()
    {
        using var limiter = new FailureLimiter();
        for (var i = 0; i < Burst; i++)
        {
            limiter.Failed(IPAddress.Loopback);
        }

        // The library's own limiter has no time of its own to inject.
        var clock = Stopwatch.StartNew();
        while (!limiter.Allows(IPAddress.Loopback))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "No token came back.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        limiter.Failed(IPAddress.Loopback);
        Assert.False(limiter.Allows(IPAddress.Loopback));
    }
}
