using System.Security.Cryptography;

namespace Tunnel.Wire.Identity;

internal sealed class Es256SigningKey : SigningKey
{
    // The framework promises nothing about concurrent use of one ECDsa.
    private readonly Lock _gate = new();
    private readonly ECDsa _key;

    private Es256SigningKey(PublicKey publicKey, ECDsa key)
        : base(publicKey) => _key = key;

    public static new Es256SigningKey Create() => Own(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public static Es256SigningKey Import(ReadOnlySpan<byte> pkcs8)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            return read == pkcs8.Length ? Own(key) : throw new CryptographicException("Bytes follow the ES256 private key.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    public override byte[] ExportPrivateKey()
    {
        lock (_gate)
        {
            return _key.ExportPkcs8PrivateKey();
        }
    }

    public override byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            return Es256.Sign(_key, data);
        }
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            _key.Dispose();
        }
    }

    // PKCS #8 can hold a key of any curve; the public key's own check refuses all but P-256.
    private static Es256SigningKey Own(ECDsa key) => PublicKey.TryCreate(KeyAlgorithm.Es256, Es256.ExportPoint(key), out var publicKey)
        ? new Es256SigningKey(publicKey, key)
        : throw new CryptographicException("An ES256 private key is one of the curve P-256.");
}
