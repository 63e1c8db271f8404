using Tunnel.Agent;

namespace Tunnel.Cli;

/// <summary>Tells the person in front of the terminal how the tunnel is, and ends the wait for the first connection.</summary>
internal sealed class ShareScreen
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly ITunnelAgent _agent;
    private readonly Uri _target;
    private readonly bool _retry;
    private readonly Terminal _terminal;
    private Uri? _publicUrl;
    private bool _lost;
    private string? _lastSentence;

    public ShareScreen(ITunnelAgent agent, Uri target, bool retry, Terminal terminal)
    {
        _agent = agent;
        _target = target;
        _retry = retry;
        _terminal = terminal;
        agent.Changed += OnChanged;
        agent.RequestCompleted += request => terminal.Say(RequestLine.Format(request));
    }

    /// <summary>Returns when the tunnel is up. Only a relay that cannot be reached is tried again, for as long as the patience lasts.</summary>
    public async Task WaitUntilConnectedAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            await _ready.Task.WaitAsync(_retry ? Timeout.InfiniteTimeSpan : patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new CommandFailure(
                ExitCode.RelayUnreachable,
                _agent.LastFailure?.Message ?? "The relay did not answer in time: check its address, or go on trying with --retry.");
        }
    }

    private void OnChanged(ITunnelAgent agent)
    {
        lock (_lock)
        {
            switch (agent.State)
            {
                case TunnelAgentState.Connected:
                    OnConnected(agent.PublicUrl!);
                    break;
                case TunnelAgentState.Connecting or TunnelAgentState.Reconnecting when agent.LastFailure is { } failure:
                    OnFailed(failure);
                    break;
            }
        }
    }

    private void OnConnected(Uri publicUrl)
    {
        if (_lost)
        {
            _terminal.Say(Terminal.Green("Connected to the relay again."));
        }

        if (publicUrl != _publicUrl)
        {
            _terminal.Say($"Public URL: {Terminal.Bold(publicUrl.AbsoluteUri)}");
            _terminal.Say($"Forwarding to {_target.GetLeftPart(UriPartial.Authority)}");
        }

        (_publicUrl, _lost, _lastSentence) = (publicUrl, false, null);
        _ready.TrySetResult();
    }

    private void OnFailed(TunnelFailure failure)
    {
        if (_publicUrl is null && !_retry)
        {
            if (FinalExitCode(failure.Reason) is { } exitCode)
            {
                _ready.TrySetException(new CommandFailure(exitCode, failure.Message));
            }

            return;
        }

        _lost = _publicUrl is not null;
        // The same failure comes with every attempt; it is news only once.
        if (failure.Message != _lastSentence)
        {
            _lastSentence = failure.Message;
            _terminal.Say(Terminal.Yellow($"{failure.Message} Trying again."));
        }
    }

    /// <summary>The exit code for what another attempt will not change, <see langword="null"/> for what it may.</summary>
    private static int? FinalExitCode(TunnelFailureReason reason) => reason switch
    {
        TunnelFailureReason.NotARelay => ExitCode.RelayUnreachable,
        TunnelFailureReason.KeyRefused => ExitCode.KeyRefused,
        TunnelFailureReason.SlugTaken or TunnelFailureReason.SlugRefused => ExitCode.SlugRefused,
        _ => null,
    };
}
