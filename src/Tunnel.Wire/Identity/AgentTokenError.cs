namespace Tunnel.Wire.Identity;

internal enum AgentTokenError
{
    WrongKey,
    WrongAlgorithm,
    AlgorithmUnavailable,
    BadSignature,
    WrongIssuer,
    SubjectMissing,
    WrongAudience,
    LifetimeTooLong,
    IssuedInTheFuture,
    Expired,
}

internal static class AgentTokenErrors
{
    /// <summary>For the agent's owner: what is wrong and what to do. Says nothing that the token holds.</summary>
    public static string Sentence(this AgentTokenError error, string audience) => error switch
    {
        AgentTokenError.WrongKey => "The token names another key than the one it was checked with.",
        AgentTokenError.WrongAlgorithm => "The token's algorithm is not that of the registered key.",
        AgentTokenError.AlgorithmUnavailable =>
            "The relay's machine has no library for Ed25519. Install libsodium or OpenSSL 3 on it, or register an ES256 key.",
        AgentTokenError.BadSignature => "The token's signature is not by the registered key.",
        AgentTokenError.WrongIssuer => "The token was not issued by an agent.",
        AgentTokenError.SubjectMissing => "The token names no server id.",
        AgentTokenError.WrongAudience =>
            $"The token is for another relay; this one is {audience}. Dial that address, or set Tunnel:Relay:PublicUrl on the relay to the address that is dialled.",
        AgentTokenError.LifetimeTooLong => "The token is good for more than 24 hours, or for no time at all.",
        AgentTokenError.IssuedInTheFuture => "The token was issued in the future. Set the clocks of the agent's and the relay's machines.",
        AgentTokenError.Expired => "The token has expired. If it is new, set the clocks of the agent's and the relay's machines.",
        _ => throw new ArgumentOutOfRangeException(nameof(error)),
    };
}
