using Microsoft.Extensions.Options;

namespace Tunnel.Relay.Registry;

/// <summary>
/// Path mode is one origin: pages of one tunnel can read those of another with the visitor's cookies. So one server id has it at a time,
/// unless the operator allows more.
/// </summary>
internal sealed class SharedOrigin(IOptions<TunnelRelayOptions> options)
{
    private readonly Lock _gate = new(); // guards the fields below
    private string? _owner;
    private int _tunnels;

    public bool TryEnter(string serverId)
    {
        if (options.Value.PathTemplate.Length == 0)
        {
            return false;
        }

        lock (_gate)
        {
            if (_tunnels > 0 && _owner != serverId && !options.Value.AllowSharedOrigin)
            {
                return false;
            }

            _owner = serverId;
            _tunnels++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _tunnels--;
        }
    }
}
