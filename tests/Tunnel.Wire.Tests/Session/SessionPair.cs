using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>A relay's and an agent's session over a link in memory.</summary>
internal sealed class SessionPair : IAsyncDisposable, IExchangeHandler
{
    private readonly Func<Exchange, Task> _serve;

    public SessionPair(Func<Exchange, Task> serve, TimeProvider? time = null)
    {
        _serve = serve;
        (RelayLink, AgentLink) = MemoryLink.CreatePair();
        Relay = new TunnelSession(RelayLink, handler: null, time ?? TimeProvider.System);
        Agent = new TunnelSession(AgentLink, this, time ?? TimeProvider.System);
        RelayRun = Relay.RunAsync();
        AgentRun = Agent.RunAsync();
    }

    public MemoryLink RelayLink { get; }

    public MemoryLink AgentLink { get; }

    public TunnelSession Relay { get; }

    public TunnelSession Agent { get; }

    public Task<Exception?> RelayRun { get; }

    public Task<Exception?> AgentRun { get; }

    public void OnOpened(Exchange exchange) => _ = Task.Run(async () =>
    {
        using (exchange)
        {
            await _serve(exchange);
        }
    });

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Agent.DisposeAsync();
    }
}
