using Microsoft.AspNetCore.Http;
using Tunnel.Agent.Tests.Forwarding;
using Tunnel.Agent.Tests.Relays;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Hosting;

/// <summary>Planned ends, the relay's and the agent's.</summary>
public sealed class LeavingTests
{
    [Fact]
    public async Task RelayGoesAway_NextSessionServesBeforeTheOldOneIsLeft()
    {
        using var relay = new ScriptedRelay();
        var app = new StreamingApp();
        await using var agent = await AgentApp.StartAsync(
            relay, context => context.Request.Path == "/quick" ? context.Response.WriteAsync("quick") : app.ServeAsync(context));
        var old = await relay.OpenAsync();
        using var open = old.Get("/");
        await VisitorResponse.ReadHeadAsync(open);

        var drained = old.Session.DrainAsync();
        var next = await relay.OpenAsync();
        await old.Session.PeerLeaving.InTime(); // it is left when the next one is there
        using (var quick = next.Get("/quick"))
        {
            Assert.Equal("quick", (await VisitorResponse.ReadAsync(quick)).Text);
        }

        Assert.False(drained.IsCompleted);
        app.Release.SetResult();
        Assert.Equal("first|last", await VisitorResponse.ReadTextAsync(open, 10));
        open.Dispose();

        Assert.Equal(LinkEndKind.SessionOver, (await old.LinkEnded.InTime()).Kind);
        Assert.False(app.WasAborted);
        Assert.DoesNotContain(TunnelAgentState.Reconnecting, agent.States);
        Assert.Equal(TunnelAgentState.Connected, agent.Agent.State);
    }

    [Fact]
    public async Task LeavingSessionLosesItsLink_StillResumes()
    {
        using var relay = new ScriptedRelay();
        var app = new StreamingApp();
        await using var agent = await AgentApp.StartAsync(relay, app.ServeAsync);
        var old = await relay.OpenAsync();
        using var open = old.Get("/");
        await VisitorResponse.ReadHeadAsync(open);
        _ = old.Session.DrainAsync();
        await relay.OpenAsync();

        await old.BreakAsync();
        await old.ResumeAsync(await relay.AcceptAsync(), epoch: 2);
        app.Release.SetResult();

        Assert.Equal("first|last", await VisitorResponse.ReadTextAsync(open, 10));
        Assert.DoesNotContain(TunnelAgentState.Reconnecting, agent.States);
    }

    [Fact]
    public async Task AppStops_OpenRequestFinishes_ThenTheSessionIsClosed()
    {
        using var relay = new ScriptedRelay();
        var app = new StreamingApp();
        await using var agent = await AgentApp.StartAsync(relay, app.ServeAsync);
        var session = await relay.OpenAsync();
        using var open = session.Get("/");
        await VisitorResponse.ReadHeadAsync(open);

        var stopped = agent.App.StopAsync(TestContext.Current.CancellationToken);
        await session.Session.PeerLeaving.InTime();
        Assert.Equal(TunnelAgentState.Draining, agent.Agent.State);
        Assert.False(session.LinkEnded.IsCompleted);
        app.Release.SetResult();
        Assert.Equal("first|last", await VisitorResponse.ReadTextAsync(open, 10));
        open.Dispose();

        Assert.Equal(LinkEndKind.SessionOver, (await session.LinkEnded.InTime()).Kind);
        await stopped.InTime();
        Assert.Equal(TunnelAgentState.Stopped, agent.Agent.State);
    }

    [Fact]
    public async Task AppStopsWithoutALink_OpenRequestFinishesOverTheNext()
    {
        using var relay = new ScriptedRelay();
        var app = new StreamingApp();
        await using var agent = await AgentApp.StartAsync(relay, app.ServeAsync);
        var session = await relay.OpenAsync();
        using var open = session.Get("/");
        await VisitorResponse.ReadHeadAsync(open);
        await session.BreakAsync();
        await agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);

        var stopped = agent.App.StopAsync(TestContext.Current.CancellationToken);
        app.Release.SetResult();
        await session.ResumeAsync(await relay.AcceptAsync(), epoch: 2);

        Assert.Equal("first|last", await VisitorResponse.ReadTextAsync(open, 10));
        open.Dispose();
        Assert.Equal(LinkEndKind.SessionOver, (await session.LinkEnded.InTime()).Kind);
        await stopped.InTime();
    }

    [Fact]
    public async Task AppStopsWithoutALinkAndWithNothingOpen_EndsAtOnce()
    {
        var time = new FakeTime();
        using var relay = new ScriptedRelay();
        await using var agent = await AgentApp.StartAsync(relay, time: time);
        var session = await relay.OpenAsync();
        await session.BreakAsync();
        await agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);

        await agent.App.StopAsync(TestContext.Current.CancellationToken).InTime(); // with the time standing still

        Assert.Equal(1, relay.Dials);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the visitor takes nothing, so that bytes wait which will never be sent
    public async Task RequestOutlastsTheDrainTimeout_IsCut_AndTheRelayHearsThatTheSessionIsOver(bool stalled)
    {
        using var relay = new ScriptedRelay();
        var app = new StreamingApp { Padding = stalled ? 1 << 20 : 0 };
        await using var agent = await AgentApp.StartAsync(relay, app.ServeAsync, options => options.DrainTimeout = TimeSpan.Zero);
        var session = await relay.OpenAsync();
        using var open = session.Get("/");
        await VisitorResponse.ReadHeadAsync(open);

        await agent.App.StopAsync(TestContext.Current.CancellationToken).InTime();

        await app.Aborted.Task.InTime();
        Assert.Contains(agent.Log.Entries, entry => entry.Id == 203);
        Assert.Equal(LinkEndKind.SessionOver, (await session.LinkEnded.InTime()).Kind);
    }
}
