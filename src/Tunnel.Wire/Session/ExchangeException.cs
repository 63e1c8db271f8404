using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>An exchange ended before its messages were complete.</summary>
internal sealed class ExchangeException(ErrorCode code) : IOException(Describe(code))
{
    public ErrorCode Code { get; } = code;

    private static string Describe(ErrorCode code) => code switch
    {
        ErrorCode.Cancelled => "The other side gave up the exchange.",
        ErrorCode.TargetUnreachable => "The server behind the agent cannot be reached.",
        ErrorCode.Refused => "The agent takes no more requests.",
        ErrorCode.LinkLost => "The link between relay and agent was lost.",
        _ => "The exchange failed on the other side.",
    };
}
