using Tunnel.Agent;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>What an app saw of its tunnel.</summary>
internal sealed class StateRecorder
{
    private readonly Lock _gate = new(); // guards the lists
    private readonly List<TunnelAgentState> _states = [];
    private readonly List<TunnelFailureReason> _reasons = [];

    public StateRecorder(ITunnelAgent agent) => agent.Changed += changed =>
    {
        lock (_gate)
        {
            _states.Add(changed.State);
            if (changed.LastFailure is { } failure)
            {
                _reasons.Add(failure.Reason);
            }
        }
    };

    public IReadOnlyCollection<TunnelAgentState> States
    {
        get
        {
            lock (_gate)
            {
                return [.. _states];
            }
        }
    }

    public IReadOnlyCollection<TunnelFailureReason> Reasons
    {
        get
        {
            lock (_gate)
            {
                return [.. _reasons];
            }
        }
    }
}
