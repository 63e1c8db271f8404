using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Links that are dead although both ends have them open.</summary>
public sealed class ReconnectHeartbeatTests
{
    /// <summary>30 seconds by the protocol, looked at every 5, and then a redial of at most half a second; a step more for the test's own.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(41);

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task LinkIsDeadInADirection_IsNoticedInTime_WhatIsOpenGoesOn(bool up, bool down)
    {
        var time = new FakeTime();
        var app = new TwoPartApp();
        await using var network = await StartAsync(time, app);
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);
        var back = agent.UntilBackAsync(agent.Dials);

        agent.Path.BlackHoleLink(up, down);
        var waiting = agent.Get("/");
        var passed = await time.AdvanceUntilAsync(back, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(2));
        app.Release.Open();

        Assert.True(passed <= Deadline, $"{passed} passed until the agent was back.");
        Assert.Equal("agent 0", await waiting.Soon());
        await open.AssertGoesOnAsync();
        Assert.Equal((1, 1, false), (app.Slow, app.Quick, app.WasAborted));
    }

    private static Task<VirtualNetwork> StartAsync(FakeTime time, TwoPartApp app) => VirtualNetwork.StartAsync(1, setup =>
    {
        setup.Time = time;
        setup.Routes = app.Map;
    });
}
