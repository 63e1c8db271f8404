using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tunnel.Agent;
using Tunnel.Agent.Dialing;
using Tunnel.Agent.Hosting;
using Tunnel.Agent.Serving;

namespace Tunnel.BenchPeers.Fleet;

/// <summary>
/// An agent as the package composes it, with its own identity in the relay's eyes (slug and instance), its own link kinds, and its own
/// reconnect schedule. What machines do not differ in is shared, so that thousands fit into a process.
/// </summary>
internal sealed class FleetAgent
{
    private readonly LinkKinds _kinds;
    private readonly AgentStatus _status = new(NullLogger<AgentStatus>.Instance);
    private readonly SessionLoop _loop;
    private readonly ExchangeDispatcher _dispatcher;

    public FleetAgent(FleetShared shared, string slug)
    {
        var options = Options.Create(new TunnelAgentOptions { Relay = shared.Relay, Slug = slug });
        var time = TimeProvider.System;
        _kinds = new LinkKinds(options, time);
        var registrar = new Registrar(
            options, shared.Credentials, new RelayIdentity(options, NullLogger<RelayIdentity>.Instance), time);
        var opener = new LinkOpener(
            new RelayDialer(options, _kinds, time), _kinds, registrar, options, shared.Metrics, time, NullLogger<LinkOpener>.Instance);
        var redial = new Redial(new ReconnectSchedule(Random.Shared), shared.Wake, time, NullLogger<Redial>.Instance);
        var context = new AgentSessionContext(
            opener, redial, shared.Wake, _status, shared.Metrics, time, NullLogger<AgentSession>.Instance);
        _loop = new SessionLoop(context, shared.Memory, options, NullLogger<SessionLoop>.Instance);
        _dispatcher = new ExchangeDispatcher(shared.Servers, static _ => { }, time, NullLogger<ExchangeDispatcher>.Instance)
        {
            IsWatched = static () => false,
        };
    }

    public bool IsConnected => _status.State == TunnelAgentState.Connected;

    /// <summary>Whether its next link will be a WebSocket, because an upgraded connection did not get through.</summary>
    public bool HasFallenBack => _kinds.PrefersWebSocket;

    public string? Failure => _status.LastFailure?.Message;

    public Task RunAsync() => _loop.RunAsync(_dispatcher, CancellationToken.None);

    public Task WhenConnectedAsync(CancellationToken cancellationToken) => _status.WaitUntilConnectedAsync(cancellationToken);
}
