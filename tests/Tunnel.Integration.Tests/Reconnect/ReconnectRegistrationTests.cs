using Microsoft.Extensions.Logging;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Links that are cut while the agent registers, or while it resumes, at each of the messages and also several times in a row.</summary>
public sealed class ReconnectRegistrationTests
{
    public static TheoryData<string, string, int> Registrations => Cuts("challenge", "register", "registered");

    public static TheoryData<string, string, int> Resumes => Cuts("challenge", "resume", "resumed");

    [Theory]
    [MemberData(nameof(Registrations))]
    public async Task Registration_IsCut_AgentComesUpOnce(string message, string fault, int times)
    {
        var left = times;
        await using var network = await StartAsync(new TwoPartApp(), seen => seen.Is(message) && Interlocked.Decrement(ref left) >= 0 ? Fault(fault) : LinkFault.None);

        var agent = network.Agent(0);
        Assert.Equal("agent 0", await agent.Get("/").Soon());
        Assert.Equal($"/t/{agent.Slug}/", agent.Agent.PublicUrl!.AbsolutePath);
        Assert.Null(agent.Agent.LastFailure);
    }

    [Theory]
    [MemberData(nameof(Resumes))]
    public async Task Resume_IsCut_WhatIsOpenGoesOn(string message, string fault, int times)
    {
        var app = new TwoPartApp();
        var left = 0;
        await using var network = await StartAsync(app, seen => seen.Is(message) && Interlocked.Decrement(ref left) >= 0 ? Fault(fault) : LinkFault.None);
        var agent = network.Agent(0);
        var recorder = new StateRecorder(agent.Agent);
        using var open = await TwoPartApp.OpenAsync(agent);

        Volatile.Write(ref left, times);
        agent.Cut();
        var parked = agent.Get("/");
        await agent.UntilBackAsync(dials: times + 1);
        app.Release.Open();

        await open.AssertGoesOnAsync();
        Assert.Equal("agent 0", await parked.Soon());
        Assert.Equal((1, 1, false), (app.Slow, app.Quick, app.WasAborted));
        Assert.True(agent.Dials >= times + 2);
        Assert.Equal([TunnelAgentState.Connected, TunnelAgentState.Reconnecting], recorder.States.Distinct().Order());
        Assert.All(recorder.Reasons, reason => Assert.True(reason is TunnelFailureReason.LinkLost or TunnelFailureReason.Unreachable));
    }

    [Fact]
    public async Task RegisterArrivesLate_OnALinkThatWasGivenUp_SessionOfTheNextGoesOn()
    {
        var app = new TwoPartApp();
        using var log = new LogWatch();
        var (network, agent) = await StartWithALateRegisterAsync(app, log, _ => { });
        await using var running = network;
        using var open = await TwoPartApp.OpenAsync(agent);

        await agent.Path.DeliverOldestAsync();
        await log.Said("RegistrationRefused").Soon();
        app.Release.Open();

        await open.AssertGoesOnAsync();
        Assert.Equal("agent 0", await agent.Get("/").Soon());
        Assert.Equal((2, false), (agent.Dials, app.WasAborted));
    }

    [Fact]
    public async Task RegisterArrivesLate_BeforeTheRelayHasHeardFromTheNextLink_SessionGoesOn()
    {
        var app = new TwoPartApp();
        using var log = new LogWatch();
        var (network, agent) = await StartWithALateRegisterAsync(app, log, path => path.BlackHoleLink(down: false));
        await using var running = network;
        using var content = new StringContent("once");
        var asking = network.Visitor.PostAsync(agent.Target("/"), content, TestContext.Current.CancellationToken);
        await app.Asked.Opened.Soon();

        await agent.Path.DeliverOldestAsync();

        using var response = await asking.Soon();
        Assert.Equal("agent 0", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, app.Quick);
    }

    [Fact]
    public async Task RelayIsSilentAfterTheResume_AgentTriesAgain_WhatIsOpenGoesOn()
    {
        var time = new FakeTime();
        var app = new TwoPartApp();
        VirtualAgent? agent = null;
        var resumed = new Gate();
        await using var network = await VirtualNetwork.StartAsync(1, setup =>
        {
            setup.Time = time;
            setup.Relay = relay => relay.ResumeGrace = TimeSpan.FromMinutes(10);
            setup.Routes = app.Map;
            setup.Script = message =>
            {
                if (message.Is("resumed") && !resumed.Opened.IsCompleted)
                {
                    agent!.Path.BlackHoleLink();
                    resumed.Open();
                }

                return LinkFault.None;
            };
        });
        agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);

        agent.Cut();
        await agent.Agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);
        await time.AdvanceUntilAsync(resumed.Opened, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));

        // A link that says nothing more looks open: only time tells.
        var back = agent.UntilBackAsync(agent.Dials);
        await time.AdvanceUntilAsync(back, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
        app.Release.Open();

        await open.AssertGoesOnAsync();
    }

    private static Task<VirtualNetwork> StartAsync(TwoPartApp app, Func<LinkMessage, LinkFault> script) => VirtualNetwork.StartAsync(1, setup =>
    {
        setup.AgentTime = new HurriedTime();
        setup.Routes = app.Map;
        setup.Script = script;
    });

    /// <summary>An agent that is connected by its second dial; what it said on the first is still on its way.</summary>
    private static async Task<(VirtualNetwork Network, VirtualAgent Agent)> StartWithALateRegisterAsync(
        TwoPartApp app, LogWatch log, Action<FaultyPath> atRegistered)
    {
        var network = await VirtualNetwork.StartAsync(0, setup =>
        {
            setup.AgentTime = new HurriedTime();
            setup.Routes = app.Map;
            setup.Hub = builder => builder.Logging.AddProvider(log);
        });
        try
        {
            VirtualAgent? agent = null;
            agent = network.Add(0, setup => setup.Script = seen =>
            {
                if (seen.Is("registered"))
                {
                    atRegistered(agent!.Path);
                }

                return seen.Is("register") && agent!.Dials == 1 ? LinkFault.Strand : LinkFault.None;
            });
            await agent.App.StartAsync(TestContext.Current.CancellationToken).Soon();
            await agent.Agent.WaitUntilConnectedAsync(TestContext.Current.CancellationToken).Soon();
            return (network, agent);
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    private static LinkFault Fault(string name) => Enum.Parse<LinkFault>(name);

    private static TheoryData<string, string, int> Cuts(params string[] messages)
    {
        var cuts = new TheoryData<string, string, int>();
        foreach (var message in messages)
        {
            cuts.Add(message, nameof(LinkFault.CutBefore), 1);
            cuts.Add(message, nameof(LinkFault.CutInside), 1);
            cuts.Add(message, nameof(LinkFault.CutAfter), 1);
        }

        cuts.Add(messages[^1], nameof(LinkFault.CutBefore), 5);
        return cuts;
    }
}
