using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
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
        Relay = new TunnelSession(handler: null, Budget, time ?? TimeProvider.System);
        Agent = new TunnelSession(this, Budget, time ?? TimeProvider.System);
        RelayRun = Relay.RunAsync(Relay.Fence(), RelayLink, peerReceived: 0);
        AgentRun = Agent.RunAsync(Agent.Fence(), AgentLink, peerReceived: 0);
    }

    public MemoryBudget Budget { get; } = new(1024L * 1024 * 1024);

    public MemoryLink RelayLink { get; }

    public MemoryLink AgentLink { get; }

    public TunnelSession Relay { get; }

    public TunnelSession Agent { get; }

    public Task<LinkEnd> RelayRun { get; }

    public Task<LinkEnd> AgentRun { get; }

    /// <summary>Opens an exchange, or gives null where the session does not open one now.</summary>
    public Exchange? Open(ReadOnlySpan<byte> head, FrameFlags flags = FrameFlags.None)
    {
        Relay.TryOpen(head, flags, out var exchange);
        return exchange;
    }

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
