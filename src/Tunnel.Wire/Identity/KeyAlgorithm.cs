namespace Tunnel.Wire.Identity;

internal enum KeyAlgorithm
{
    /// <summary>Ed25519 (RFC 8032, RFC 8037).</summary>
    EdDsa,

    /// <summary>ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).</summary>
    Es256,
}

/// <summary>The two names of each algorithm: in a token's header, and before the colon of a public key's text.</summary>
internal static class KeyAlgorithmNames
{
    public static string HeaderName(this KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.EdDsa => "EdDSA",
        KeyAlgorithm.Es256 => "ES256",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    public static string TextPrefix(this KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.EdDsa => "ed25519:",
        KeyAlgorithm.Es256 => "es256:",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    public static KeyAlgorithm? FromHeaderName(string? name) => name switch
    {
        "EdDSA" => KeyAlgorithm.EdDsa,
        "ES256" => KeyAlgorithm.Es256,
        _ => null,
    };
}
