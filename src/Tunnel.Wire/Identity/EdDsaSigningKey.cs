using System.Security.Cryptography;

namespace Tunnel.Wire.Identity;

internal sealed class EdDsaSigningKey : SigningKey
{
    private readonly byte[] _seed;
    private bool _disposed;

    private EdDsaSigningKey(PublicKey publicKey, byte[] seed)
        : base(publicKey) => _seed = seed;

    public static new EdDsaSigningKey Create()
    {
        Span<byte> seed = stackalloc byte[Ed25519.SeedSize];
        RandomNumberGenerator.Fill(seed);
        var key = Import(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    public static EdDsaSigningKey Import(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != Ed25519.SeedSize)
        {
            throw new CryptographicException("An Ed25519 private key has 32 bytes.");
        }

        var raw = new byte[Ed25519.PublicKeySize];
        Ed25519.Required.DerivePublicKey(seed, raw);
        return PublicKey.TryCreate(KeyAlgorithm.EdDsa, raw, out var publicKey)
            ? new EdDsaSigningKey(publicKey, seed.ToArray())
            : throw new CryptographicException("The bytes are no Ed25519 private key.");
    }

    public override byte[] ExportPrivateKey()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return [.. _seed];
    }

    public override byte[] Sign(ReadOnlySpan<byte> data)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Required.Sign(_seed, data, signature);
        return signature;
    }

    public override void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_seed);
    }
}
