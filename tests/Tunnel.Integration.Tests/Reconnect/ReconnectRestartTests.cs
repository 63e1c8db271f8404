using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Processes that end and begin again: the agent's, the relay's, both, and one agent too many.</summary>
public sealed partial class ReconnectRestartTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AgentCrashes_NextProcessHasTheSlugAtOnce_AndServesWhoWaited()
    {
        var app = new TwoPartApp();
        await using var network = await StartAsync(setup => setup.Routes = app.Map);
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);

        agent.Crash();
        var waiting = agent.Get("/");
        var next = await network.StartAgainAsync(0, setup => setup.Routes = Say("next"));

        Assert.Equal("next", await waiting.Soon());
        Assert.Equal(agent.Agent.PublicUrl, await next.Agent.WaitUntilConnectedAsync(Stop).Soon());
        Assert.Equal((1, 0), (app.Slow, app.Quick));

        // What the process before had begun is lost with it, and does not look whole.
        await open.AssertIsCutAsync();
        app.Release.Open();
    }

    [Fact]
    public async Task AgentStopsInOrder_AndTheNextBeginsAtOnce()
    {
        await using var network = await StartAsync(_ => { });
        await network.Agent(0).App.StopAsync(Stop).Soon();
        using (var response = await network.Visitor.GetAsync(network.Agent(0).Target("/"), Stop).Soon())
        {
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode); // nobody waits for an agent that has left in order
        }

        var next = await network.StartAgainAsync(0, setup => setup.Routes = Say("next"));
        await next.Agent.WaitUntilConnectedAsync(Stop).Soon();
        Assert.Equal("next", await next.Get("/").Soon());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RelayRestarts_AgentHasItsSlugAgain_AndWhoCameMeanwhileIsServed(bool inOrder)
    {
        var app = new TwoPartApp();
        var (network, _) = await StartWithClaimAsync(setup => setup.Routes = app.Map);
        await using var running = network;
        var agent = network.Agent(0);
        var url = agent.Agent.PublicUrl;
        Assert.Equal("agent 0", await agent.Get("/").Soon());

        agent.Path.RefusesDials = true;
        if (!inOrder)
        {
            agent.Cut(); // as when the process is killed: no go-away, no close
        }

        await network.StopHubAsync().Soon();
        await agent.Agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);
        await network.StartHubAsync();
        var waiting = agent.Get("/");
        using var unknown = await network.Visitor.GetAsync("/t/nobody/", Stop).Soon();
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.False(waiting.IsCompleted);
        agent.Path.RefusesDials = false;

        Assert.Equal("agent 0", await waiting.Soon());
        Assert.Equal(url, await agent.Agent.WaitUntilConnectedAsync(Stop).Soon());
        Assert.Equal(2, app.Quick);
    }

    [Fact]
    public async Task RelayRestarts_AgentDoesNotCome_ClaimedSlugIs502AfterTheGrace()
    {
        var time = new FakeTime();
        var (network, _) = await StartWithClaimAsync(setup =>
        {
            setup.AgentTime = null;
            setup.Time = time;
        });
        await using var running = network;
        var agent = network.Agent(0);
        agent.Crash();
        await network.StopHubAsync().Soon();
        await network.StartHubAsync();
        var waiting = network.Visitor.GetAsync(agent.Target("/"), Stop);

        var passed = await time.AdvanceUntilAsync(waiting, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

        Assert.InRange(passed, TimeSpan.FromSeconds(14), TimeSpan.FromSeconds(17));
        using var away = await waiting;
        Assert.Equal(HttpStatusCode.BadGateway, away.StatusCode);
        Assert.True(away.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        using var unknown = await network.Visitor.GetAsync("/t/nobody/", Stop).Soon();
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task RelayForgetsTheSession_OpenTransferIsCut_AndTheAgentRegistersAnewAtOnce()
    {
        var app = new TwoPartApp();
        await using var network = await StartAsync(setup => setup.Routes = app.Map);
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);
        var dials = agent.Dials;

        agent.Cut();
        await network.StopHubAsync().Soon(); // nothing can be finished without a link, but it does not wait for ever
        await network.StartHubAsync();
        await agent.UntilBackAsync(dials);

        await open.AssertIsCutAsync();
        Assert.Equal("agent 0", await agent.Get("/").Soon());
        await app.Aborted.Opened.Soon();
    }

    [Fact]
    public async Task BothEndsDropAtOnce_ManyTimes_WhatIsOpenGoesOn()
    {
        var app = new TwoPartApp();
        await using var network = await StartAsync(setup => setup.Routes = app.Map);
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);

        for (var drops = 0; drops < 20; drops++)
        {
            var back = agent.UntilBackAsync(agent.Dials);
            agent.Cut();
            var waiting = agent.Get("/");
            await back;
            Assert.Equal("agent 0", await waiting.Soon());
        }

        app.Release.Open();
        await open.AssertGoesOnAsync();
        Assert.Equal((1, 20, false), (app.Slow, app.Quick, app.WasAborted));
    }

    [Fact]
    public async Task TwoProcessesWithOneKey_FightIsStopped_TheOneThatIsThereStays()
    {
        var time = new FakeTime();
        await using var network = await VirtualNetwork.StartAsync(1, setup => setup.Time = time);
        var older = network.Agent(0);
        var newer = await network.StartAgainAsync(0, setup => setup.Routes = Say("clone"));

        var both = new[] { older, newer };
        var refused = Task.WhenAny(both.Select(agent => agent.Agent.UntilAsync(
            state => state.LastFailure?.Reason == TunnelFailureReason.DuplicateInstance)));
        await time.AdvanceUntilAsync(refused, TimeSpan.FromSeconds(0.5), TimeSpan.FromMinutes(1));
        var loser = both.Single(agent => agent.Agent.LastFailure?.Reason == TunnelFailureReason.DuplicateInstance);
        var winner = both.Single(agent => agent != loser);
        Assert.Equal(TunnelAgentState.Reconnecting, loser.Agent.State);
        Assert.Contains("pool", loser.Agent.LastFailure!.Message, StringComparison.Ordinal);
        var (winnersDials, losersDials) = (winner.Dials, loser.Dials);
        var answer = await winner.Get("/").Soon();

        // It waits a minute and more before it asks again.
        for (var seconds = 0; seconds < 55; seconds += 5)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            Assert.Equal(answer, await winner.Get("/").Soon());
        }

        Assert.Equal((winnersDials, losersDials), (winner.Dials, loser.Dials));
        Assert.Equal(TunnelAgentState.Connected, winner.Agent.State);
    }

    [Fact]
    public async Task TwoProcessesWithOneKeyInAPool_BothServe()
    {
        var app = new TwoPartApp();
        await using var network = await StartAsync(setup =>
        {
            setup.Agent = (agent, _) => agent.Pool = true;
            setup.Routes = app.Map;
        });
        var one = network.Agent(0);
        var recorder = new StateRecorder(one.Agent);
        var two = await network.StartAgainAsync(0, setup => setup.Routes = Say("two"));
        await two.Agent.WaitUntilConnectedAsync(Stop).Soon();

        // The one that has something to do already is not the one that is asked next, once what was given up at the other has ended there.
        using var open = await OpenOnAsync(one, app);
        await AnswersAsync("two").Soon();
        app.Release.Open();
        await open.AssertGoesOnAsync();

        two.Crash();
        Assert.Equal("agent 0", await one.Get("/").Soon());
        Assert.Empty(recorder.States);

        async Task AnswersAsync(string expected)
        {
            while (await one.Get("/") != expected)
            {
            }
        }
    }

    /// <summary>Opens <c>/slow</c> at one agent of a pool.</summary>
    private static async Task<OpenResponse> OpenOnAsync(VirtualAgent agent, TwoPartApp app)
    {
        while (true)
        {
            var slow = app.Slow;
            using var request = new HttpRequestMessage(HttpMethod.Get, agent.Target("/slow"));
            var response = await agent.SendAsync(request).Soon();
            var body = await response.Content.ReadAsStreamAsync(Stop);
            await body.ReadExactlyAsync(new byte[1], Stop).AsTask().Soon();
            if (app.Slow > slow)
            {
                await body.ReadExactlyAsync(new byte[4], Stop).AsTask().Soon();
                return new OpenResponse(response, new StreamReader(body));
            }

            response.Dispose();
        }
    }

    private static Action<WebApplication, int> Say(string answer) => (app, _) => app.Run(context => context.Response.WriteAsync(answer));

    private static Task<VirtualNetwork> StartAsync(Action<NetworkSetup> configure) => VirtualNetwork.StartAsync(1, setup =>
    {
        setup.AgentTime = new HurriedTime();
        configure(setup);
    });

    /// <summary>One agent whose key the operator has authorised, so that its claim outlives the relay's process.</summary>
    private static async Task<(VirtualNetwork Network, string Key)> StartWithClaimAsync(Action<NetworkSetup> configure)
    {
        var keys = new List<string>();
        var network = await VirtualNetwork.StartAsync(0, setup =>
        {
            setup.AgentTime = new HurriedTime();
            setup.Relay = relay =>
            {
                relay.DevelopmentEnrolment = false;
                keys.ForEach(relay.AuthorizedKeys.Add);
            };
            configure(setup);
        });
        try
        {
            // The relay tells an unknown agent what its operator has to authorise.
            var stranger = await network.StartAgainAsync(0);
            await stranger.Agent.UntilAsync(agent => agent.LastFailure?.Reason == TunnelFailureReason.KeyRefused);
            keys.Add(PublicKey().Match(stranger.Agent.LastFailure!.Message).Value);
            await network.RemoveAsync(stranger);
            await network.StopHubAsync();
            await network.StartHubAsync();
            var agent = await network.StartAgainAsync(0);
            await agent.Agent.WaitUntilConnectedAsync(Stop).Soon();
            return (network, keys[0]);
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    [GeneratedRegex("(ed25519|es256):[A-Za-z0-9_-]+")]
    private static partial Regex PublicKey();
}
