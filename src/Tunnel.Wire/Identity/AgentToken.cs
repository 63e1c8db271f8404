using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tunnel.Wire.Identity;

/// <summary>
/// A compact JWT (RFC 7519) by which an agent says who it is. Until <see cref="Validate"/> has returned null, everything in it is
/// only what the peer claims.
/// </summary>
internal sealed class AgentToken
{
    private const int MaxLength = 4096;
    private const string Type = "JWT";

    private readonly AgentTokenHeader _header;
    private readonly byte[] _signedPart;
    private readonly byte[] _signature;

    private AgentToken(AgentTokenHeader header, AgentTokenClaims claims, byte[] signedPart, byte[] signature)
    {
        _header = header;
        _signedPart = signedPart;
        _signature = signature;
        Claims = claims;
    }

    /// <summary>The fingerprint of the key to check with; it has the form of one.</summary>
    public string KeyId => _header.KeyId;

    public AgentTokenClaims Claims { get; }

    public static string Create(SigningKey key, AgentTokenClaims claims)
    {
        var header = new AgentTokenHeader(key.PublicKey.Algorithm.HeaderName(), Type, key.PublicKey.Fingerprint);
        var signedPart = Encode(header, AgentTokenJson.Default.AgentTokenHeader) + "." + Encode(claims, AgentTokenJson.Default.AgentTokenClaims);
        return signedPart + "." + Base64UrlText.Encode(key.Sign(Encoding.ASCII.GetBytes(signedPart)));
    }

    public static bool TryParse(string? text, [NotNullWhen(true)] out AgentToken? token)
    {
        token = null;
        if (text is null || text.Length > MaxLength || text.Split('.') is not [var first, var second, var third])
        {
            return false;
        }

        if (!TryDecode(first, AgentTokenJson.Default.AgentTokenHeader, out var header)
            || !TryDecode(second, AgentTokenJson.Default.AgentTokenClaims, out var claims)
            || !Base64UrlText.TryDecode(third, out var signature)
            || header.Type != Type
            || !PublicKey.IsFingerprint(header.KeyId))
        {
            return false;
        }

        token = new AgentToken(header, claims, Encoding.ASCII.GetBytes($"{first}.{second}"), signature);
        return true;
    }

    /// <summary>Null if the token is good. The algorithm is the key's; what the header says only has to agree.</summary>
    public AgentTokenError? Validate(PublicKey key, string audience, DateTimeOffset now)
    {
        if (_header.KeyId != key.Fingerprint)
        {
            return AgentTokenError.WrongKey;
        }

        if (_header.Algorithm != key.Algorithm.HeaderName())
        {
            return AgentTokenError.WrongAlgorithm;
        }

        if (key.Algorithm == KeyAlgorithm.EdDsa && Ed25519.Available is null)
        {
            return AgentTokenError.AlgorithmUnavailable;
        }

        return key.Verify(_signedPart, _signature) ? AgentTokenRules.Check(Claims, audience, now) : AgentTokenError.BadSignature;
    }

    private static string Encode<T>(T value, JsonTypeInfo<T> type) => Base64UrlText.Encode(JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static bool TryDecode<T>(string part, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? value)
        where T : class
    {
        value = null;
        if (!Base64UrlText.TryDecode(part, out var json))
        {
            return false;
        }

        try
        {
            value = JsonSerializer.Deserialize(json, type);
            return value is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
