using Microsoft.Extensions.Logging;

namespace Tunnel.Agent.Hosting;

/// <summary>What the app sees of its tunnel; written by <see cref="SessionLoop"/> and the session that it has open.</summary>
internal sealed partial class AgentStatus(ILogger<AgentStatus> logger) : ITunnelAgent
{
    private readonly Lock _gate = new(); // guards the fields below; never held while handlers run
    private TaskCompletionSource<Uri> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TunnelAgentState _state;
    private IReadOnlyList<Uri> _publicUrls = [];
    private TunnelFailure? _lastFailure;

    public event Action<ITunnelAgent>? Changed;

    public event Action<TunnelRequest>? RequestCompleted;

    public event Action<TunnelRequest>? RequestUpgraded;

    public TunnelAgentState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    public Uri? PublicUrl => PublicUrls is [var first, ..] ? first : null;

    public IReadOnlyList<Uri> PublicUrls
    {
        get
        {
            lock (_gate)
            {
                return _publicUrls;
            }
        }
    }

    public TunnelFailure? LastFailure
    {
        get
        {
            lock (_gate)
            {
                return _lastFailure;
            }
        }
    }

    public Task<Uri> WaitUntilConnectedAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return _connected.Task.WaitAsync(cancellationToken);
        }
    }

    public void Connecting()
    {
        if (State == TunnelAgentState.NotStarted)
        {
            Set(TunnelAgentState.Connecting);
        }
    }

    /// <param name="publicUrls">At least one.</param>
    public void Connected(IReadOnlyList<Uri> publicUrls)
    {
        lock (_gate)
        {
            _publicUrls = publicUrls;
            _lastFailure = null;
            _state = TunnelAgentState.Connected;
            if (!_connected.TrySetResult(publicUrls[0]) && _connected.Task.Result != publicUrls[0])
            {
                // The next session began while the one before was still there, and has another URL.
                _connected = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
                _connected.SetResult(publicUrls[0]);
            }
        }

        RaiseChanged();
    }

    public void Failed(TunnelFailure failure)
    {
        lock (_gate)
        {
            _lastFailure = failure;
        }

        Set(TunnelAgentState.Reconnecting);
    }

    public void Set(TunnelAgentState state)
    {
        lock (_gate)
        {
            _state = state;
            if (_connected.Task.IsCompletedSuccessfully)
            {
                _connected = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (state == TunnelAgentState.Stopped)
            {
                _connected.TrySetCanceled();
            }
        }

        RaiseChanged();
    }

    /// <summary>Whether the app wants to hear of finished requests.</summary>
    public bool IsWatched => RequestCompleted is not null;

    public void Completed(TunnelRequest request) => Raise(RequestCompleted, request, nameof(RequestCompleted));

    public void Upgraded(TunnelRequest request) => Raise(RequestUpgraded, request, nameof(RequestUpgraded));

    private void Raise(Action<TunnelRequest>? handlers, TunnelRequest request, string name)
    {
        try
        {
            handlers?.Invoke(request);
        }
        catch (Exception exception)
        {
            LogHandlerFailed(name, exception);
        }
    }

    private void RaiseChanged()
    {
        try
        {
            Changed?.Invoke(this);
        }
        catch (Exception exception)
        {
            LogHandlerFailed(nameof(Changed), exception);
        }
    }

    [LoggerMessage(210, LogLevel.Error, "A handler of the tunnel's {Event} event threw.", EventName = "HandlerFailed")]
    private partial void LogHandlerFailed(string @event, Exception exception);
}
