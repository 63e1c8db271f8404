namespace Tunnel.Wire.Identity;

/// <summary>What the claims of a token with a good signature must say.</summary>
internal static class AgentTokenRules
{
    /// <summary>An agent signs a new token whenever it connects, so a longer life would only serve whoever steals one.</summary>
    public const long MaxLifetimeSeconds = 24 * 60 * 60;

    /// <summary>How far two clocks may be apart.</summary>
    public const long SkewSeconds = 60;

    /// <summary>9999-12-31: keeps the sums below from overflowing.</summary>
    private const long MaxSeconds = 253_402_300_799;

    public static AgentTokenError? Check(AgentTokenClaims claims, string audience, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds();
        var (issued, expires) = (claims.IssuedAt, claims.ExpiresAt);
        return claims switch
        {
            { Issuer: not AgentTokenClaims.AgentIssuer } => AgentTokenError.WrongIssuer,
            { Subject: null or "" } => AgentTokenError.SubjectMissing,
            _ when claims.Audience != audience => AgentTokenError.WrongAudience,
            _ when issued is < 0 or > MaxSeconds || expires is < 0 or > MaxSeconds => AgentTokenError.LifetimeTooLong,
            _ when expires <= issued || expires - issued > MaxLifetimeSeconds => AgentTokenError.LifetimeTooLong,
            _ when issued > seconds + SkewSeconds => AgentTokenError.IssuedInTheFuture,
            // RFC 7519 section 4.1.4: before the expiry, not at it.
            _ when seconds >= expires + SkewSeconds => AgentTokenError.Expired,
            _ => null,
        };
    }
}
