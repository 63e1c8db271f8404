using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Serving;

namespace Tunnel.Agent.Hosting;

/// <summary>
/// Keeps the tunnel up from the app's start to its stop. Never delays the app's start, never throws for a network reason.
/// </summary>
internal sealed class TunnelAgentService(
    AgentServing serving,
    SessionLoop loop,
    AgentStatus status,
    AgentMetrics metrics,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<ExchangeDispatcher> logger) : BackgroundService
{
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

            var servers = await serving.StartAsync(stopping.Token).ConfigureAwait(false);
            var dispatcher = new ExchangeDispatcher(servers, status.Completed, time, logger)
            {
                IsWatched = () => status.IsWatched,
                Metrics = metrics,
                OnUpgraded = status.Upgraded,
            };
            await loop.RunAsync(dispatcher, stopping.Token).ConfigureAwait(false);
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
}
