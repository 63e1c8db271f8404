using Tunnel.Agent.Diagnostics;

namespace Tunnel.Agent.Hosting;

/// <summary>How a session ended.</summary>
/// <param name="Reason">What ended it.</param>
/// <param name="Failure">What to say about it before the next attempt, which then is no immediate one; null when there is nothing new to say.</param>
internal sealed record SessionEnding(ReconnectReason Reason, TunnelFailure? Failure)
{
    /// <param name="error">What the link ended with, if anything.</param>
    public static TunnelFailure LostLink(Exception? error) => new(TunnelFailureReason.LinkLost, error switch
    {
        null => "The relay closed the link, as it does when it stops or restarts.",
        TimeoutException => "The relay has been silent for too long; the link counts as lost.",
        _ => "The link to the relay was lost.",
    });
}
