using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Visitors who come while the agent is away, and what ends its absence early.</summary>
public sealed class ReconnectParkingTests
{
    private const int Places = 64;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task AgentStaysAway_VisitorsGet502AfterTheGrace_AndAreServedWhenItIsBack()
    {
        var time = new FakeTime();
        var app = new TwoPartApp();
        using var log = new LogWatch();
        await using var network = await StartAsync(time, app, log);
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);
        agent.Path.RefusesDials = true;
        agent.Cut();
        await log.Said("LinkEnded").Soon();
        var waiting = network.Visitor.GetAsync(agent.Target("/"), TestContext.Current.CancellationToken);

        time.Advance(Grace - TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);
        await time.AdvanceUntilAsync(waiting, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

        await AssertRefusedAsync(waiting, HttpStatusCode.BadGateway);
        await open.AssertIsCutAsync();
        await AssertRefusedAsync(network.Visitor.GetAsync(agent.Target("/"), TestContext.Current.CancellationToken), HttpStatusCode.BadGateway);

        var back = agent.UntilBackAsync(agent.Dials);
        agent.Path.RefusesDials = false;
        await time.AdvanceUntilAsync(back, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(2));
        Assert.Equal("agent 0", await agent.Get("/").Soon());
        await app.Aborted.Opened.Soon();
        Assert.Equal((1, 1), (app.Slow, app.Quick));
    }

    [Fact]
    public async Task PlacesAreFull_NextVisitorGets503_AndOneWhoLeavesFreesItsPlace()
    {
        var time = new FakeTime();
        var app = new TwoPartApp();
        using var log = new LogWatch();
        await using var network = await StartAsync(time, app, log);
        var agent = network.Agent(0);
        agent.Path.RefusesDials = true;
        agent.Cut();
        await log.Said("LinkEnded").Soon(); // by the relay: no request is on a link any more

        using var leaveFirst = new CancellationTokenSource();
        using var leaveSecond = new CancellationTokenSource();

        // One more than there are places: one of them is refused, and it does not matter which.
        var waiting = new List<Task<HttpResponseMessage>>
        {
            network.Visitor.GetAsync(agent.Target("/"), leaveFirst.Token),
            network.Visitor.GetAsync(agent.Target("/"), leaveSecond.Token),
        };
        var (first, second) = (waiting[0], waiting[1]);
        while (waiting.Count <= Places)
        {
            waiting.Add(network.Visitor.GetAsync(agent.Target("/"), TestContext.Current.CancellationToken));
        }

        var refused = await Task.WhenAny(waiting).Soon();
        await AssertRefusedAsync(refused, HttpStatusCode.ServiceUnavailable);
        waiting.Remove(refused);

        var leaver = refused == first ? second : first;
        await (leaver == first ? leaveFirst : leaveSecond).CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        waiting.Remove(leaver);
        waiting.Add(await EnterAsync(network, agent));

        var back = agent.UntilBackAsync(agent.Dials);
        agent.Path.RefusesDials = false;
        await time.AdvanceUntilAsync(back, TimeSpan.FromMilliseconds(500), Grace);
        foreach (var served in waiting)
        {
            using var response = await served.Soon();
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(Places, app.Quick);
    }

    [Fact]
    public async Task VisitorWaitsWithABody_NothingOfItIsReadBeforeTheAgentIsBack()
    {
        var time = new FakeTime();
        await using var network = await VirtualNetwork.StartAsync(1, setup =>
        {
            setup.Time = time;
            setup.Routes = (app, _) => app.Run(context => context.Request.Body.CopyToAsync(context.Response.Body));
        });
        var agent = network.Agent(0);
        agent.Path.RefusesDials = true;
        agent.Cut();
        await agent.Agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);
        var back = agent.UntilBackAsync(agent.Dials);
        var body = new string('b', 1_000_000);
        using var content = new StringContent(body);
        var waiting = network.Visitor.PostAsync(agent.Target("/"), content, TestContext.Current.CancellationToken);

        agent.Path.RefusesDials = false;
        await time.AdvanceUntilAsync(back, TimeSpan.FromMilliseconds(500), Grace);

        using var response = await waiting.Soon();
        Assert.Equal(body, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken).Soon());
    }

    [Fact]
    public async Task MachineWakesUp_AgentThatWaitsLongComesBackAtOnce()
    {
        var time = new FakeTime();
        await using var network = await StartAsync(time, new TwoPartApp());
        var agent = network.Agent(0);
        agent.Path.RefusesDials = true;
        agent.Cut();
        await agent.Agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);

        // Until its wait is one of more than twenty seconds. The time-outs of an attempt are gone with it.
        var longWait = Task.CompletedTask;
        for (var tries = 0; tries < 200; tries++)
        {
            longWait = time.WhenArmedAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(20.5));
            if (await Task.WhenAny(longWait, Task.Delay(20, TestContext.Current.CancellationToken)) == longWait)
            {
                break;
            }

            time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.True(longWait.IsCompletedSuccessfully);
        var dials = agent.Dials;
        var back = agent.UntilBackAsync(dials);
        agent.Path.RefusesDials = false;
        time.Jump(TimeSpan.FromHours(8));

        // It looks at the clock every five seconds, and then waits a quarter of one at most.
        var passed = await time.AdvanceUntilAsync(back, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(15));
        Assert.True(passed <= TimeSpan.FromSeconds(8), $"{passed} passed until the agent was back.");
        Assert.Equal("agent 0", await agent.Get("/").Soon());
    }

    [Fact]
    public async Task MachineSlept_LinkThatDiedMeanwhileIsNoticedWithinSeconds()
    {
        var time = new FakeTime();
        var app = new TwoPartApp();
        await using var network = await StartAsync(time, app);
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);
        var back = agent.UntilBackAsync(agent.Dials);

        agent.BlackHoleLink();
        time.Jump(TimeSpan.FromSeconds(30));
        var passed = await time.AdvanceUntilAsync(back, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        app.Release.Open();

        // Five seconds until it looks, five for the link's answer, which is looked at every five, and a redial.
        Assert.True(passed <= TimeSpan.FromSeconds(18), $"{passed} passed until the agent was back.");
        await open.AssertGoesOnAsync();
    }

    /// <summary>A place is free once the relay has heard that its visitor left, which it does not tell: asks until it is taken.</summary>
    private static async Task<Task<HttpResponseMessage>> EnterAsync(VirtualNetwork network, VirtualAgent agent)
    {
        while (true)
        {
            var asking = network.Visitor.GetAsync(agent.Target("/"), TestContext.Current.CancellationToken);
            if (await Task.WhenAny(asking, Task.Delay(100, TestContext.Current.CancellationToken)) != asking)
            {
                return asking;
            }

            await AssertRefusedAsync(asking, HttpStatusCode.ServiceUnavailable);
        }
    }

    private static async Task AssertRefusedAsync(Task<HttpResponseMessage> asking, HttpStatusCode status)
    {
        using var response = await asking.Soon();
        Assert.Equal(status, response.StatusCode);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
    }

    private static Task<VirtualNetwork> StartAsync(FakeTime time, TwoPartApp app, LogWatch? log = null) => VirtualNetwork.StartAsync(1, setup =>
    {
        setup.Hub = builder =>
        {
            if (log is not null)
            {
                builder.Logging.AddProvider(log);
            }
        };
        setup.Time = time;
        setup.Routes = app.Map;
    });
}
