namespace Tunnel.Wire.Identity;

/// <summary>An agent's key pair. Safe for concurrent use; nothing but <see cref="ExportPrivateKey"/> gives the private key away.</summary>
internal abstract class SigningKey : IDisposable
{
    private protected SigningKey(PublicKey publicKey) => PublicKey = publicKey;

    public PublicKey PublicKey { get; }

    /// <summary>Ed25519, or ES256 where the platform has no library for it.</summary>
    public static SigningKey Create() => Create(Ed25519.Available is null ? KeyAlgorithm.Es256 : KeyAlgorithm.EdDsa);

    public static SigningKey Create(KeyAlgorithm algorithm) =>
        algorithm == KeyAlgorithm.EdDsa ? EdDsaSigningKey.Create() : Es256SigningKey.Create();

    /// <exception cref="System.Security.Cryptography.CryptographicException">The bytes are no such key.</exception>
    /// <exception cref="PlatformNotSupportedException">The platform has no library for the algorithm.</exception>
    public static SigningKey Import(KeyAlgorithm algorithm, ReadOnlySpan<byte> privateKey) =>
        algorithm == KeyAlgorithm.EdDsa ? EdDsaSigningKey.Import(privateKey) : Es256SigningKey.Import(privateKey);

    /// <summary>The 32 bytes of RFC 8032, or PKCS #8 for ES256. The caller clears the array after use.</summary>
    public abstract byte[] ExportPrivateKey();

    public abstract byte[] Sign(ReadOnlySpan<byte> data);

    public abstract void Dispose();

    public sealed override string ToString() => PublicKey.Fingerprint;
}
