using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>A next link for somebody who may not have it any more, or to somebody who is not the relay.</summary>
public sealed partial class ReconnectIdentityTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TokenHasExpiredAtTheResume_AgentIsKeptOut_AndGoesOnWhenItsClockIsRight()
    {
        var hubTime = new FakeTime();
        var agentTime = new FakeTime();
        var app = new TwoPartApp();
        await using var network = await VirtualNetwork.StartAsync(1, setup =>
        {
            setup.Time = hubTime;
            setup.AgentTime = agentTime;
            setup.Relay = relay => relay.ResumeGrace = Grace;
            setup.Routes = app.Map;
        });
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);

        // Its tokens are good for an hour.
        agentTime.Jump(-TimeSpan.FromHours(3));
        var refused = agent.Agent.UntilAsync(state => state.LastFailure?.Reason == TunnelFailureReason.KeyRefused);
        agent.Cut();
        await agentTime.AdvanceUntilAsync(refused, TimeSpan.FromSeconds(0.5), TimeSpan.FromMinutes(1));
        Assert.Equal(TunnelAgentState.Reconnecting, agent.Agent.State);
        Assert.Contains("clock", agent.Agent.LastFailure!.Message, StringComparison.OrdinalIgnoreCase);
        var waiting = agent.Get("/");

        agentTime.Jump(TimeSpan.FromHours(3));
        var back = agent.UntilBackAsync(agent.Dials);
        await agentTime.AdvanceUntilAsync(back, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        app.Release.Open();

        await open.AssertGoesOnAsync();
        Assert.Equal("agent 0", await waiting.Soon());
        Assert.Equal((1, 1, false), (app.Slow, app.Quick, app.WasAborted));
    }

    [Fact]
    public async Task RelayRestartsWithoutTheKey_AgentIsKeptOut_AndVisitorsFindNothing()
    {
        var key = string.Empty;
        await using var network = await VirtualNetwork.StartAsync(0, setup =>
        {
            setup.AgentTime = new HurriedTime();
            setup.Relay = relay =>
            {
                relay.DevelopmentEnrolment = false;
                relay.ResumeGrace = TimeSpan.FromSeconds(1);
                if (key.Length > 0)
                {
                    relay.AuthorizedKeys.Add(key);
                }
            };
        });
        var agent = await network.StartAgainAsync(0);
        await agent.Agent.UntilAsync(state => state.LastFailure?.Reason == TunnelFailureReason.KeyRefused);
        key = PublicKey().Match(agent.Agent.LastFailure!.Message).Value;
        await network.StopHubAsync();
        await network.StartHubAsync();
        await agent.Agent.WaitUntilConnectedAsync(Stop).Soon();
        Assert.Equal("agent 0", await agent.Get("/").Soon());

        key = string.Empty;
        agent.Cut();
        await network.StopHubAsync();
        await network.StartHubAsync();

        await agent.Agent.UntilAsync(state => state.LastFailure?.Reason == TunnelFailureReason.KeyRefused);
        Assert.Equal(TunnelAgentState.Reconnecting, agent.Agent.State);
        using var response = await network.Visitor.GetAsync(agent.Target("/"), Stop).Soon();
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode); // the claim is the key's still
    }

    [Fact]
    public async Task AnotherRelayAnswers_AgentServesNothingThere()
    {
        var time = new FakeTime();
        using var log = new LogWatch();
        var pinned = (string?)null;
        var folder = "relay";
        var app = new TwoPartApp();
        VirtualNetwork? running = null;
        await using var network = running = await VirtualNetwork.StartAsync(0, setup =>
        {
            setup.Time = time;
            setup.Agent = (agent, _) => agent.RelayKey = pinned;
            setup.Device = (builder, _) => builder.Logging.AddProvider(log);
            setup.Routes = app.Map;
            setup.Relay = relay =>
            {
                relay.DataDirectory = running?.Folder.File(folder) ?? relay.DataDirectory;
            };
        });

        // The first connection says which key there is; the next process is told to take no other.
        var first = await network.StartAgainAsync(0);
        pinned = PublicKey().Match(await log.Said("RelayKey").Soon()).Value;
        await time.AdvanceUntilAsync(network.RemoveAsync(first), TimeSpan.FromSeconds(0.1), TimeSpan.FromMinutes(1));
        var agent = await network.StartAgainAsync(0);
        await agent.Agent.WaitUntilConnectedAsync(Stop).Soon();
        Assert.Equal("agent 0", await agent.Get("/").Soon());

        folder = "other";
        var mismatch = agent.Agent.UntilAsync(state => state.LastFailure?.Reason == TunnelFailureReason.RelayKeyMismatch);
        await network.StopHubAsync();
        await network.StartHubAsync();
        await time.AdvanceUntilAsync(mismatch, TimeSpan.FromSeconds(0.5), TimeSpan.FromMinutes(1));
        Assert.Equal(TunnelAgentState.Reconnecting, agent.Agent.State);
        var waiting = network.Visitor.GetAsync(agent.Target("/"), Stop);
        await time.AdvanceUntilAsync(waiting, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        using (var response = await waiting)
        {
            Assert.False(response.IsSuccessStatusCode);
        }

        Assert.Equal(1, app.Quick);

        // When the right one is back, it has the agent again.
        folder = "relay";
        await network.StopHubAsync();
        await network.StartHubAsync();
        await time.AdvanceUntilAsync(agent.UntilBackAsync(agent.Dials), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        Assert.Equal("agent 0", await agent.Get("/").Soon());
    }

    [GeneratedRegex("(ed25519:|es256:|SHA256:)[A-Za-z0-9_-]+")]
    private static partial Regex PublicKey();
}
