using Tunnel.Agent;

namespace Tunnel.Cli.Tests;

/// <summary>An agent that is in the state that a test says.</summary>
internal sealed class FakeAgent : ITunnelAgent
{
    public TunnelAgentState State { get; private set; }

    public Uri? PublicUrl => PublicUrls.Count > 0 ? PublicUrls[0] : null;

    public IReadOnlyList<Uri> PublicUrls { get; private set; } = [];

    public TunnelFailure? LastFailure { get; private set; }

    public event Action<ITunnelAgent>? Changed;

    public event Action<TunnelRequest>? RequestCompleted;

    public event Action<TunnelRequest>? RequestUpgraded;

    public Task<Uri> WaitUntilConnectedAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Connecting() => Set(TunnelAgentState.Connecting);

    public void Connected(params string[] urls)
    {
        PublicUrls = [.. urls.Select(url => new Uri(url))];
        LastFailure = null;
        Set(TunnelAgentState.Connected);
    }

    public void Failed(TunnelFailureReason reason, string message)
    {
        LastFailure = new TunnelFailure(reason, message);
        Set(TunnelAgentState.Reconnecting);
    }

    public void Draining() => Set(TunnelAgentState.Draining);

    public void Complete(TunnelRequest request) => RequestCompleted?.Invoke(request);

    public void Upgrade(TunnelRequest request) => RequestUpgraded?.Invoke(request);

    private void Set(TunnelAgentState state)
    {
        State = state;
        Changed?.Invoke(this);
    }
}
