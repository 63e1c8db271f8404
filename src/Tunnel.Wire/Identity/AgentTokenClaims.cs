using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Tunnel.Wire.Identity;

/// <summary>What a token says (RFC 7519 section 4.1). Times are seconds since 1970.</summary>
internal sealed record AgentTokenClaims
{
    public const string AgentIssuer = "tunnel-agent";

    [JsonPropertyName("iss")]
    public string? Issuer { get; init; } = AgentIssuer;

    /// <summary>The server id.</summary>
    [JsonPropertyName("sub")]
    public string? Subject { get; init; }

    /// <summary>The relay's origin.</summary>
    [JsonPropertyName("aud")]
    public string? Audience { get; init; }

    [JsonPropertyName("iat")]
    public required long IssuedAt { get; init; }

    [JsonPropertyName("exp")]
    public required long ExpiresAt { get; init; }

    [JsonPropertyName("jti")]
    public string? Id { get; init; }

    /// <summary>The tunnel's name, where the agent wishes for one.</summary>
    [JsonPropertyName("frame")]
    public string? Frame { get; init; }

    /// <summary>The port of the server behind the tunnel, where there is one.</summary>
    [JsonPropertyName("port")]
    public int? Port { get; init; }

    public static AgentTokenClaims For(string serverId, string audience, DateTimeOffset now, TimeSpan lifetime) => new()
    {
        Subject = serverId,
        Audience = audience,
        IssuedAt = now.ToUnixTimeSeconds(),
        ExpiresAt = (now + lifetime).ToUnixTimeSeconds(),
        Id = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16)),
    };
}
