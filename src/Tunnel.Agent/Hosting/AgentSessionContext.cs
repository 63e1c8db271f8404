using Microsoft.Extensions.Logging;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Dialing;

namespace Tunnel.Agent.Hosting;

/// <summary>What all sessions of an agent share.</summary>
internal sealed record AgentSessionContext(
    LinkOpener Opener, Redial Redial, NetworkWake Wake, AgentStatus Status, AgentMetrics Metrics, TimeProvider Time, ILogger<AgentSession> Logger);
