using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Dialing;
using Tunnel.Agent.Hosting;
using Tunnel.Agent.Identity;
using Tunnel.Agent.Serving;
using Tunnel.Wire.Flow;

namespace Tunnel.BenchPeers.Fleet;

/// <summary>
/// What all agents of a fleet have in common. One key for all: a relay in development enrols a hundred at most, and neither the sessions nor
/// the failures that it counts differ by it.
/// </summary>
internal sealed class FleetShared
{
    public FleetShared(Uri relay, string credentialsFile)
    {
        Relay = relay;
        Credentials = AgentCredentials.LoadOrCreate(credentialsFile, TimeProvider.System);
        Memory = MemoryBudget.ForThisProcess(configured: null);
        Metrics = new AgentMetrics(
            new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>(),
            Memory,
            new AgentStatus(NullLogger<AgentStatus>.Instance));
        Wake = new NetworkWake(TimeProvider.System);
        Servers = new ServerTable();
        Servers.AddTunnel(new GreetingServer());
    }

    public Uri Relay { get; }

    public AgentCredentials Credentials { get; }

    public MemoryBudget Memory { get; }

    public AgentMetrics Metrics { get; }

    public NetworkWake Wake { get; }

    public ServerTable Servers { get; }
}
