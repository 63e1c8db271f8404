using Tunnel.Wire.Flow;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>One session, as agent or as relay, and a test that plays the other end of its links.</summary>
internal sealed class PeerPair : IAsyncDisposable, IExchangeHandler
{
    private readonly Action<Exchange>? _onOpened;

    /// <param name="onOpened">Makes the session the agent's. Called on its receiving loop.</param>
    /// <param name="time">The session's.</param>
    /// <param name="budget">What it may reserve, in bytes.</param>
    public PeerPair(Action<Exchange>? onOpened = null, TimeProvider? time = null, long budget = 1024L * 1024 * 1024)
    {
        _onOpened = onOpened;
        Budget = new MemoryBudget(budget);
        Session = new TunnelSession(onOpened is null ? null : this, Budget, time ?? TimeProvider.System);
        (PeerLink, SessionLink) = MemoryLink.CreatePair();
        Peer = new ScriptedPeer(PeerLink);
        Run = Session.RunAsync(Session.Fence(), SessionLink, peerReceived: 0);
    }

    public MemoryBudget Budget { get; }

    public TunnelSession Session { get; }

    public ScriptedPeer Peer { get; }

    /// <summary>The peer's end of the current link.</summary>
    public MemoryLink PeerLink { get; private set; }

    public MemoryLink SessionLink { get; private set; }

    /// <summary>The end of the current link, as the session sees it.</summary>
    public Task<LinkEnd> Run { get; private set; }

    /// <summary>The next link; nothing of it has been read.</summary>
    /// <param name="peerReceived">What the peer says that it has received; by default the truth.</param>
    public void Resume(long? peerReceived = null)
    {
        (PeerLink, SessionLink) = MemoryLink.CreatePair();
        Peer.ContinueOn(PeerLink);
        Run = Session.RunAsync(Session.Fence(), SessionLink, peerReceived ?? Peer.Received);
    }

    void IExchangeHandler.OnOpened(Exchange exchange) => _onOpened!(exchange);

    public ValueTask DisposeAsync() => Session.DisposeAsync();
}
