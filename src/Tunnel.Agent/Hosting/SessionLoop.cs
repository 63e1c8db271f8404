using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Dialing;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Hosting;

/// <summary>
/// Keeps a session open from the app's start to its stop: opens one, and the next when it is over or when the relay goes away; then the
/// next serves already while the one before finishes what it has begun.
/// </summary>
internal sealed partial class SessionLoop(
    AgentSessionContext context, MemoryBudget memory, IOptions<TunnelAgentOptions> options, ILogger<SessionLoop> logger)
{
    private readonly List<Task> _retiring = []; // those that still finish something; each bounded by the drain time-out

    /// <summary>Returns when it was told to stop and everything has ended. Fails for no reason of the network's.</summary>
    public async Task RunAsync(IExchangeHandler handler, CancellationToken stopping)
    {
        AgentSession? current = null;
        try
        {
            while (true)
            {
                var next = await OpenAsync(handler, stopping).ConfigureAwait(false);
                Retire(current);
                current = next;
                await current.Leaving.WaitAsync(stopping).ConfigureAwait(false);
                current = await EndOrLeaveAsync(current).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            if (current is not null)
            {
                context.Status.Set(TunnelAgentState.Draining);
                Retire(current);
            }
        }

        await Task.WhenAll(_retiring).ConfigureAwait(false);
    }

    /// <summary>Tries until a session is open.</summary>
    private async Task<AgentSession> OpenAsync(IExchangeHandler handler, CancellationToken stopping)
    {
        context.Status.Connecting();
        while (true)
        {
            await context.Redial.WhenDueAsync(stopping).ConfigureAwait(false);
            try
            {
                var (link, lease) = await context.Opener.RegisterAsync(stopping).ConfigureAwait(false);
                return Begin(handler, link, lease);
            }
            catch (DialException exception)
            {
                context.Redial.After(exception.Failure, exception.RetryAfter);
                context.Status.Failed(exception.Failure);
            }
        }
    }

    private AgentSession Begin(IExchangeHandler handler, ILink link, SessionLease lease)
    {
        foreach (var url in lease.Urls)
        {
            LogConnected(url);
        }

        if (lease.Urls.Count < 1 + options.Value.Tunnels.Count)
        {
            LogTunnelsMissing(lease.Urls.Count, 1 + options.Value.Tunnels.Count);
        }

        // Said first, so that what the session then says about its link comes after it.
        context.Status.Connected(lease.Urls);
        var session = new TunnelSession(handler, memory, context.Time)
        {
            CompressesBodies = options.Value.Compress && lease.TakesCompressedBodies,
        };
        return new AgentSession(session, lease, link, context);
    }

    /// <summary>Returns the session if it goes on beside the one that is opened next.</summary>
    private async Task<AgentSession?> EndOrLeaveAsync(AgentSession session)
    {
        if (!session.IsOver)
        {
            context.Metrics.Reconnecting(ReconnectReason.RelayLeaving);
            LogRelayLeaves();
            session.Leave();
            context.Redial.Soon();
            return session;
        }

        var ending = await session.Completion.ConfigureAwait(false);
        context.Metrics.Reconnecting(ending.Reason);
        Retire(session);
        if (ending.Failure is { } failure)
        {
            context.Redial.After(failure);
            context.Status.Failed(failure);
        }

        return null;
    }

    private void Retire(AgentSession? session)
    {
        _retiring.RemoveAll(static task => task.IsCompleted);
        if (session is not null)
        {
            _retiring.Add(session.StopAsync(options.Value.DrainTimeout));
        }
    }

    [LoggerMessage(201, LogLevel.Information, "The tunnel is open: {Url}", EventName = "Connected")]
    private partial void LogConnected(Uri url);

    [LoggerMessage(212, LogLevel.Warning,
        "The relay opened {Opened} of {Wanted} tunnels. It may be too old for more than one; update it.", EventName = "TunnelsMissing")]
    private partial void LogTunnelsMissing(int opened, int wanted);

    [LoggerMessage(213, LogLevel.Information,
        "The relay goes away; open requests finish while the next session is opened.", EventName = "RelayLeaves")]
    private partial void LogRelayLeaves();
}
