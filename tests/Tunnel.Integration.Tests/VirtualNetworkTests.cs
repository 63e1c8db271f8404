using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Many agents on one relay, and the network between them.</summary>
public sealed class VirtualNetworkTests
{
    [Fact]
    public async Task FiftyAgents_WhoseLinksAreAllCut_ComeBackAndAnswer()
    {
        await using var network = await VirtualNetwork.StartAsync(agents: 50);
        await EveryoneAnswersAsync(network);

        var dials = network.Agents.Select(agent => agent.Dials).ToArray();
        network.CutAll();
        await Task.WhenAll(network.Agents.Select(agent => agent.UntilBackAsync(dials[agent.Number])));
        await EveryoneAnswersAsync(network);
    }

    [Fact]
    public async Task Partition_OfOneAgent_HoldsItsVisitorsAndNobodyElses()
    {
        await using var network = await VirtualNetwork.StartAsync(agents: 3);
        network.Agent(1).Partition();
        var held = network.Agent(1).Get("/");
        Assert.Equal("agent 0", await network.Agent(0).Get("/").Soon());
        Assert.Equal("agent 2", await network.Agent(2).Get("/").Soon());
        Assert.False(held.IsCompleted);
        network.Agent(1).Heal();
        Assert.Equal("agent 1", await held.Soon());
        Assert.Equal(3, network.Dials);
    }

    [Fact]
    public async Task Hub_ThatIsAwayForAMoment_GetsItsAgentsBack()
    {
        await using var network = await VirtualNetwork.StartAsync(agents: 3);
        await network.StopHubAsync();
        await network.Agent(2).Agent.UntilAsync(agent => agent.LastFailure?.Reason == TunnelFailureReason.Unreachable);
        await network.StartHubAsync();
        await Task.WhenAll(network.Agents.Select(agent => agent.UntilBackAsync(dials: 1)));
        await EveryoneAnswersAsync(network);
    }

    private static async Task EveryoneAnswersAsync(VirtualNetwork network)
    {
        var answers = await Task.WhenAll(network.Agents.Select(agent => agent.Get("/"))).Soon();
        Assert.Equal(network.Agents.Select(agent => $"agent {agent.Number}"), answers);
    }
}
