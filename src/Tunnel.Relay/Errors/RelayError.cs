using Microsoft.AspNetCore.Http;
using Tunnel.Wire.Frames;

namespace Tunnel.Relay.Errors;

/// <summary>What the relay itself can answer a visitor with. The app's own errors pass through unchanged.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Code">A stable name for programs.</param>
/// <param name="Title">One sentence for people.</param>
/// <param name="RetryAfterSeconds">When to come back, where that helps.</param>
internal sealed record RelayError(int Status, string Code, string Title, int? RetryAfterSeconds = null)
{
    /// <summary>The section that defines the status, as ASP.NET Core's own problem details have it (RFC 9457 section 3.1.1).</summary>
    public string Type => Status switch
    {
        StatusCodes.Status400BadRequest => "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        StatusCodes.Status404NotFound => "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        StatusCodes.Status431RequestHeaderFieldsTooLarge => "https://tools.ietf.org/html/rfc6585#section-5",
        StatusCodes.Status502BadGateway => "https://tools.ietf.org/html/rfc9110#section-15.6.3",
        StatusCodes.Status503ServiceUnavailable => "https://tools.ietf.org/html/rfc9110#section-15.6.4",
        StatusCodes.Status504GatewayTimeout => "https://tools.ietf.org/html/rfc9110#section-15.6.5",
        _ => "about:blank",
    };

    public static readonly RelayError NoSuchTunnel = new(
        StatusCodes.Status404NotFound, "no_such_tunnel", "There is no tunnel at this address.");

    public static readonly RelayError InvalidTarget = new(
        StatusCodes.Status400BadRequest, "invalid_target", "The request's target leads out of the tunnel, or is malformed.");

    public static readonly RelayError AmbiguousFraming = new(
        StatusCodes.Status400BadRequest, "ambiguous_framing", "The request's body is framed in more than one way, or in an unknown way.");

    public static readonly RelayError MalformedHeader = new(
        StatusCodes.Status400BadRequest, "malformed_header", "The name of one of the request's headers holds a character that has no place there.");

    public static readonly RelayError HeadTooLarge = new(
        StatusCodes.Status431RequestHeaderFieldsTooLarge, "head_too_large", "The request's header section is too large for the tunnel.");

    public static readonly RelayError AgentAway = new(
        StatusCodes.Status502BadGateway, "agent_away", "The app behind this address is not connected right now.", RelayDefaults.AgentAwayRetryAfterSeconds);

    public static readonly RelayError LinkLost = new(
        StatusCodes.Status502BadGateway, "link_lost", "The connection to the app behind this address was lost.", RelayDefaults.AgentAwayRetryAfterSeconds);

    public static readonly RelayError TargetUnreachable = new(
        StatusCodes.Status502BadGateway, "target_unreachable", "The tunnel is connected, but the app behind it does not answer. Is it running?");

    public static readonly RelayError AgentFailed = new(
        StatusCodes.Status502BadGateway, "agent_failed", "The app behind this address broke off its answer.");

    public static readonly RelayError AgentTooSlow = new(
        StatusCodes.Status504GatewayTimeout, "agent_too_slow", "The app behind this address did not begin to answer in time.");

    public static readonly RelayError TooManyExchanges = new(
        StatusCodes.Status503ServiceUnavailable, "too_many_exchanges", "Too many requests to this tunnel are open.", RelayDefaults.AgentAwayRetryAfterSeconds);

    public static readonly RelayError TooManyWait = new(
        StatusCodes.Status503ServiceUnavailable, "too_many_wait", "Too many requests wait for the app behind this address.", RelayDefaults.AgentAwayRetryAfterSeconds);

    public static readonly RelayError NoMemory = new(
        StatusCodes.Status503ServiceUnavailable, "no_memory", "The relay has no memory left for this request.", RelayDefaults.AgentAwayRetryAfterSeconds);

    public static readonly RelayError ShuttingDown = new(
        StatusCodes.Status503ServiceUnavailable, "shutting_down", "The relay is shutting down.", RelayDefaults.AgentAwayRetryAfterSeconds);

    /// <summary>Every error that a visitor can meet, in the order of docs/errors.md.</summary>
    public static readonly RelayError[] All =
    [
        InvalidTarget, AmbiguousFraming, MalformedHeader, NoSuchTunnel, HeadTooLarge, AgentAway, LinkLost, TargetUnreachable, AgentFailed,
        TooManyExchanges, TooManyWait, NoMemory, ShuttingDown, AgentTooSlow,
    ];
}

/// <summary>From an exchange's error code to what the visitor is told.</summary>
internal static class RelayErrors
{
    public static RelayError Of(ErrorCode code) => code switch
    {
        ErrorCode.TargetUnreachable => RelayError.TargetUnreachable,
        ErrorCode.Refused or ErrorCode.Going => RelayError.AgentAway,
        ErrorCode.LinkLost => RelayError.LinkLost,
        _ => RelayError.AgentFailed,
    };
}
