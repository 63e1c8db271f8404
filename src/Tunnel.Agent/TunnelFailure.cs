namespace Tunnel.Agent;

/// <summary>Why an attempt to connect failed.</summary>
/// <param name="Reason">The kind of failure.</param>
/// <param name="Message">One sentence for a person: what happened and what to do about it. Holds no secret.</param>
public sealed record TunnelFailure(TunnelFailureReason Reason, string Message);
