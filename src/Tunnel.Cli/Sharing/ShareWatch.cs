using Tunnel.Agent;
using Tunnel.Cli.Arguments;

namespace Tunnel.Cli.Sharing;

/// <summary>Follows the agent: reports what is news, and ends the wait for the first connection.</summary>
internal sealed class ShareWatch
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new(); // guards the fields below, and keeps the reports in order
    private readonly ITunnelAgent _agent;
    private readonly ShareSettings _settings;
    private readonly Uri _target;
    private readonly IShareReport _report;
    private IReadOnlyList<Uri> _publicUrls = [];
    private TunnelFailure? _lastTold;
    private bool _stopping;

    public ShareWatch(ITunnelAgent agent, ShareSettings settings, Uri target, IShareReport report)
    {
        _agent = agent;
        _settings = settings;
        _target = target;
        _report = report;
        agent.Changed += OnChanged;
        agent.RequestCompleted += report.Completed;
        agent.RequestUpgraded += report.Upgraded;
    }

    /// <summary>Returns when the tunnel is up. Only a relay that cannot be reached is tried again, for as long as the patience lasts.</summary>
    public async Task WaitUntilConnectedAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            await _ready.Task.WaitAsync(_settings.Retry ? Timeout.InfiniteTimeSpan : patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            var gaveUp = $"Gave up after {patience.TotalSeconds:0} seconds; --retry goes on for ever.";
            throw _agent.LastFailure is { } failure
                ? new CommandFailure(ExitCode.RelayUnreachable, $"{Worded(failure).Message} {gaveUp}") { Unsaid = gaveUp }
                : new CommandFailure(ExitCode.RelayUnreachable, $"The relay did not answer. Check the address in --relay. {gaveUp}");
        }
    }

    private void OnChanged(ITunnelAgent agent)
    {
        lock (_lock)
        {
            switch (agent.State)
            {
                case TunnelAgentState.Connecting when agent.LastFailure is null:
                    _report.Connecting(_settings.Relay);
                    break;
                case TunnelAgentState.Connected:
                    OnConnected(agent.PublicUrls);
                    break;
                case TunnelAgentState.Connecting or TunnelAgentState.Reconnecting when agent.LastFailure is { } failure:
                    OnFailed(Worded(failure));
                    break;
                case TunnelAgentState.Draining when !_stopping:
                    _stopping = true;
                    _report.Stopping();
                    break;
            }
        }
    }

    private void OnConnected(IReadOnlyList<Uri> publicUrls)
    {
        var areNew = !publicUrls.SequenceEqual(_publicUrls);
        // The move to the relay's next session interrupts nothing, so there is nothing to say but new URLs.
        if (areNew || _lastTold is not null)
        {
            _report.Connected(publicUrls, _target, isReconnect: _publicUrls.Count > 0, areNew);
        }

        (_publicUrls, _lastTold) = (publicUrls, null);
        _ready.TrySetResult();
    }

    private void OnFailed(TunnelFailure failure)
    {
        if (_publicUrls.Count == 0 && !_settings.Retry && FinalExitCode(failure.Reason) is { } exitCode)
        {
            _ready.TrySetException(new CommandFailure(exitCode, failure.Message));
            return;
        }

        // The same failure comes with every attempt; it is news only once.
        if (failure != _lastTold)
        {
            _lastTold = failure;
            _report.Reconnecting(failure);
        }
    }

    private static TunnelFailure Worded(TunnelFailure failure) => failure with { Message = SettingNames.ToAgentOptions(failure.Message) };

    /// <summary>The exit code for what another attempt will not change, <see langword="null"/> for what it may.</summary>
    private static int? FinalExitCode(TunnelFailureReason reason) => reason switch
    {
        TunnelFailureReason.NotARelay or TunnelFailureReason.RelayKeyMismatch => ExitCode.RelayUnreachable,
        TunnelFailureReason.KeyRefused => ExitCode.KeyRefused,
        TunnelFailureReason.SlugTaken or TunnelFailureReason.SlugRefused => ExitCode.SlugRefused,
        _ => null,
    };
}
