using System.Security.Cryptography;

namespace Tunnel.Wire.Identity;

/// <summary>ECDSA on P-256 with SHA-256 by the framework; signatures are r and s side by side (RFC 7518 section 3.4).</summary>
internal static class Es256
{
    public const int SignatureSize = 64;

    private const int CoordinateSize = 32;
    private const byte Uncompressed = 4;

    public static bool IsPoint(ReadOnlySpan<byte> raw)
    {
        if (raw.Length != 1 + 2 * CoordinateSize || raw[0] != Uncompressed)
        {
            return false;
        }

        try
        {
            // The import checks that the point is on the curve.
            using var key = Import(raw);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public static bool Verify(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
        {
            return false;
        }

        using var key = Import(raw);
        return key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> data)
    {
        var signature = new byte[SignatureSize];
        key.SignData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return signature;
    }

    public static byte[] ExportPoint(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return [Uncompressed, .. point.X!, .. point.Y!];
    }

    private static ECDsa Import(ReadOnlySpan<byte> raw) => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = raw[1..(1 + CoordinateSize)].ToArray(), Y = raw[(1 + CoordinateSize)..].ToArray() },
    });
}
