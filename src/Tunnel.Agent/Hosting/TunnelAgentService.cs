using System.Net.WebSockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Dialing;
using Tunnel.Agent.Serving;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Hosting;

/// <summary>
/// Keeps the tunnel up from the app's start to its stop: dials, registers, runs the session, and tries again for ever. Never delays the
/// app's start, never throws for a network reason.
/// </summary>
internal sealed partial class TunnelAgentService(
    AgentServing serving,
    RelayDialer dialer,
    Registrar registrar,
    AgentStatus status,
    IHostApplicationLifetime lifetime,
    IOptions<TunnelAgentOptions> options,
    TimeProvider time,
    ILoggerFactory loggers) : BackgroundService
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(3);
    private readonly ILogger _logger = loggers.CreateLogger<TunnelAgentService>();
    private readonly ReconnectSchedule _schedule = new(Random.Shared);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // From here on the host's start goes on. Draining begins with the app's stop, before its servers are told.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            if (!await WhenStartedAsync(stopping.Token).ConfigureAwait(false))
            {
                return;
            }

            var server = await serving.StartAsync(stopping.Token).ConfigureAwait(false);
            var dispatcher = new ExchangeDispatcher(server, status.Completed, time, loggers.CreateLogger<ExchangeDispatcher>());
            while (!stopping.IsCancellationRequested)
            {
                await RunOnceAsync(dispatcher, stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The app stops.
        }
        finally
        {
            await serving.DisposeAsync().ConfigureAwait(false);
            status.Set(TunnelAgentState.Stopped);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (ExecuteTask is { IsCanceled: true } && status.State != TunnelAgentState.Stopped)
        {
            // The app stopped before the service's first line ran; whoever waits for the tunnel must hear of it all the same.
            status.Set(TunnelAgentState.Stopped);
        }
    }

    private async Task<bool> WhenStartedAsync(CancellationToken stopping)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var onStarted = lifetime.ApplicationStarted.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), started);
        using var onStopping = stopping.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetCanceled(), started);
        try
        {
            await started.Task.ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>One link, from dialling to its end, and the wait after it.</summary>
    private async Task RunOnceAsync(ExchangeDispatcher dispatcher, CancellationToken stopping)
    {
        status.Connecting();
        TunnelFailure failure;
        TimeSpan? retryAfter = null;
        try
        {
            var session = await ConnectAsync(dispatcher, stopping).ConfigureAwait(false);
            await using var owned = session.ConfigureAwait(false);
            var connected = time.GetTimestamp();
            var error = await RunAsync(session, stopping).ConfigureAwait(false);
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            _schedule.Connected(time.GetElapsedTime(connected));
            failure = new TunnelFailure(TunnelFailureReason.LinkLost, error switch
            {
                null => "The relay closed the link, as it does when it stops or restarts.",
                TimeoutException => "The relay has been silent for too long; the link counts as lost.",
                _ => "The link to the relay was lost.",
            });
        }
        catch (DialException exception)
        {
            failure = exception.Failure;
            retryAfter = exception.RetryAfter;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            // Whatever it is, it is one failed attempt: an exception that leaves here would stop the whole app.
            LogFault(exception);
            failure = new TunnelFailure(TunnelFailureReason.Unreachable,
                $"An attempt to connect to the relay at {options.Value.Relay} failed unexpectedly: {exception.Message}");
        }

        var wait = _schedule.Next(failure.Reason, retryAfter);
        LogRetry(failure.Message, wait.TotalSeconds);
        status.Failed(failure);
        await Task.Delay(wait, time, stopping).ConfigureAwait(false);
    }

    private async Task<TunnelSession> ConnectAsync(ExchangeDispatcher dispatcher, CancellationToken stopping)
    {
        using var deadline = new CancellationTokenSource(AgentDefaults.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopping);
        WebSocket? socket = null;
        try
        {
            socket = await dialer.DialAsync(either.Token).ConfigureAwait(false);
            var registered = await registrar.RegisterAsync(socket, either.Token).ConfigureAwait(false);
            var session = new TunnelSession(new WebSocketLink(socket, time), dispatcher, time);
            LogConnected(registered.Url);
            status.Connected(new Uri(registered.Url));
            return session;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            socket?.Dispose();
            throw new DialException(TunnelFailureReason.Unreachable,
                $"The relay at {options.Value.Relay} did not answer within {AgentDefaults.ConnectTimeout.TotalSeconds:0} seconds. Check the address and the network.");
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    /// <summary>Runs the session to its end; when the app stops first, in order: no new requests, the open ones finish, then close.</summary>
    private async Task<Exception?> RunAsync(TunnelSession session, CancellationToken stopping)
    {
        var run = session.RunAsync();
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stopping.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stop))
        {
            if (await Task.WhenAny(run, stop.Task).ConfigureAwait(false) == run)
            {
                var error = await run.ConfigureAwait(false);
                await session.CloseAsync().ConfigureAwait(false); // answers the relay's close, where there was one
                return error;
            }
        }

        status.Set(TunnelAgentState.Draining);
        try
        {
            await session.DrainAsync().WaitAsync(options.Value.DrainTimeout, time, CancellationToken.None).ConfigureAwait(false);
            await session.CloseAsync().WaitAsync(CloseTimeout, time, CancellationToken.None).ConfigureAwait(false);
            await run.WaitAsync(CloseTimeout, time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogDrainIncomplete(session.OpenExchanges);
        }

        return null;
    }

    [LoggerMessage(201, LogLevel.Information, "The tunnel is open: {Url}", EventName = "Connected")]
    private partial void LogConnected(string url);

    [LoggerMessage(202, LogLevel.Warning, "{Failure} Next attempt in {Seconds:0.0} s.", EventName = "ConnectFailed")]
    private partial void LogRetry(string failure, double seconds);

    [LoggerMessage(204, LogLevel.Error, "An attempt to connect failed unexpectedly.", EventName = "ConnectFault")]
    private partial void LogFault(Exception exception);

    [LoggerMessage(203, LogLevel.Warning, "The app stops; {Count} open requests did not end in time and were cut.", EventName = "DrainIncomplete")]
    private partial void LogDrainIncomplete(int count);
}
