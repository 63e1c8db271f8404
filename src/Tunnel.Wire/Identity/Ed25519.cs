using System.Security.Cryptography;

namespace Tunnel.Wire.Identity;

/// <summary>Ed25519 (RFC 8032 section 5.1) from one of the platform's audited libraries. Safe for concurrent use.</summary>
internal abstract class Ed25519
{
    public const int SeedSize = 32;
    public const int PublicKeySize = 32;
    public const int SignatureSize = 64;

    private static readonly Lazy<Ed25519?> Chosen = new(() => SodiumEd25519.TryLoad() ?? (Ed25519?)OpenSslEd25519.TryLoad());

    /// <summary>The library in use, or null where the platform has neither.</summary>
    public static Ed25519? Available => Chosen.Value;

    public static Ed25519 Required => Available ?? throw new PlatformNotSupportedException(
        "Ed25519 needs libsodium or OpenSSL 3, and this machine has neither. Install one of them, or use an ES256 key.");

    public abstract void DerivePublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey);

    public abstract void Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> data, Span<byte> signature);

    /// <summary>Key and signature must have their sizes; what they hold may be anything.</summary>
    public abstract bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);

    // The libraries take no lengths for these: a short span would have them read or write past its end.
    protected static void Check(ReadOnlySpan<byte> span, int size) => ArgumentOutOfRangeException.ThrowIfNotEqual(span.Length, size);

    /// <summary>
    /// A library can load and yet be of no use: OpenSSL in a FIPS configuration without Ed25519, or a look-alike without the calls.
    /// </summary>
    protected static bool Works(Ed25519 library)
    {
        Span<byte> publicKey = stackalloc byte[PublicKeySize];
        try
        {
            // RFC 8032 section 7.1, test 1.
            library.DerivePublicKey(
                Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
                publicKey);
            return publicKey.SequenceEqual(
                Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
        }
        catch (Exception failure) when (failure is EntryPointNotFoundException or CryptographicException)
        {
            return false;
        }
    }
}
