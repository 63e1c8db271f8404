namespace Tunnel.Agent.Dialing;

/// <summary>An attempt to connect failed for a reason that the user is told.</summary>
internal sealed class DialException(TunnelFailureReason reason, string message, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    public TunnelFailure Failure { get; } = new(reason, message);

    /// <summary>The least time to wait, as the relay said.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
