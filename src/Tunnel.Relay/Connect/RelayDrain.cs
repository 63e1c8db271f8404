using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tunnel.Relay.Connect;

/// <summary>
/// When the app stops: tells every agent that the relay goes, lets open requests finish within the deadline, and closes the sessions in
/// order. One that is between two links can come back until then.
/// </summary>
internal sealed partial class RelayDrain : IDisposable
{
    private readonly SessionDirectory _sessions;
    private readonly TimeProvider _time;
    private readonly ILogger<RelayDrain> _logger;
    private readonly CancellationTokenRegistration _stopping;

    public RelayDrain(SessionDirectory sessions, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RelayDrain> logger)
    {
        _sessions = sessions;
        _time = time;
        _logger = logger;
        Stopping = lifetime.ApplicationStopping;
        _stopping = Stopping.UnsafeRegister(static state => ((RelayDrain)state!).Begin(), this);
    }

    /// <summary>Cancelled when the relay takes nothing new any more.</summary>
    public CancellationToken Stopping { get; }

    public void Dispose() => _stopping.Dispose();

    private void Begin()
    {
        foreach (var session in _sessions.All)
        {
            Begin(session);
        }
    }

    /// <summary>Also for a session that was opened while the others were told.</summary>
    public void Begin(RelaySession session) => _ = DrainAsync(session);

    private async Task DrainAsync(RelaySession session)
    {
        try
        {
            await session.Wire.DrainAsync().WaitAsync(RelayDefaults.DrainTimeout, _time);
        }
        catch (TimeoutException)
        {
            LogDrainIncomplete(session.Wire.OpenExchanges);
        }

        try
        {
            await session.Wire.CloseAsync().WaitAsync(RelayDefaults.CloseTimeout, _time);
            if (session.UnlinkedSince is null)
            {
                // Its link is closing in order; who runs it ends the session.
                await session.Ended.WaitAsync(RelayDefaults.CloseTimeout, _time);
            }
        }
        catch (TimeoutException)
        {
            // The agent, or the way to it, does not take the rest.
        }
        finally
        {
            session.End(SessionOver.InOrder);
        }
    }

    [LoggerMessage(105, LogLevel.Warning, "The relay stops; {Count} open requests did not end in time and were cut.", EventName = "DrainIncomplete")]
    private partial void LogDrainIncomplete(int count);
}
