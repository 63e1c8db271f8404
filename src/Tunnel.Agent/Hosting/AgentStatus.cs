using Microsoft.Extensions.Logging;

namespace Tunnel.Agent.Hosting;

/// <summary>What the app sees of its tunnel; written by <see cref="TunnelAgentService"/>.</summary>
internal sealed partial class AgentStatus(ILogger<AgentStatus> logger) : ITunnelAgent
{
    private readonly Lock _gate = new(); // guards the fields below; never held while handlers run
    private TaskCompletionSource<Uri> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TunnelAgentState _state;
    private Uri? _publicUrl;
    private TunnelFailure? _lastFailure;

    public event Action<ITunnelAgent>? Changed;

    public event Action<TunnelRequest>? RequestCompleted;

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

    public Uri? PublicUrl
    {
        get
        {
            lock (_gate)
            {
                return _publicUrl;
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

    public void Connected(Uri publicUrl)
    {
        lock (_gate)
        {
            _publicUrl = publicUrl;
            _lastFailure = null;
            _state = TunnelAgentState.Connected;
            _connected.TrySetResult(publicUrl);
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

    public void Completed(TunnelRequest request)
    {
        try
        {
            RequestCompleted?.Invoke(request);
        }
        catch (Exception exception)
        {
            LogHandlerFailed(nameof(RequestCompleted), exception);
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
