namespace Tunnel.Relay.Health;

/// <summary>
/// How the app's container finds the relay, which can have a container of its own. <c>UseTunnelRelay</c> puts it here where health checks
/// were asked for.
/// </summary>
internal sealed class RunningRelay
{
    private volatile RelayHealth? _health;

    public RelayHealth? Health
    {
        get => _health;
        set => _health = value;
    }
}
