using System.Runtime.InteropServices;
using System.Security.Cryptography;
using static System.Runtime.InteropServices.MemoryMarshal;

namespace Tunnel.Wire.Identity;

/// <summary>Ed25519 by libsodium (https://doc.libsodium.org/public-key_cryptography/public-key_signatures).</summary>
internal sealed class SodiumEd25519 : Ed25519
{
    /// <summary>libsodium's secret key is the seed followed by the public key.</summary>
    private const int SecretKeySize = SeedSize + PublicKeySize;

    private SodiumEd25519()
    {
    }

    public static SodiumEd25519? TryLoad()
    {
        var library = new SodiumEd25519();
        return NativeLibraries.HasSodium && Works(library) ? library : null;
    }

    public override void DerivePublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        Span<byte> secretKey = stackalloc byte[SecretKeySize];
        Expand(seed, publicKey, secretKey);
        CryptographicOperations.ZeroMemory(secretKey);
    }

    public override void Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        Check(signature, SignatureSize);
        Span<byte> publicKey = stackalloc byte[PublicKeySize];
        Span<byte> secretKey = stackalloc byte[SecretKeySize];
        Expand(seed, publicKey, secretKey);
        var result = SignDetached(
            ref GetReference(signature), 0, ref GetReference(data), (ulong)data.Length, ref GetReference(secretKey));
        CryptographicOperations.ZeroMemory(secretKey);
        Require(result);
    }

    public override bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Check(publicKey, PublicKeySize);
        Check(signature, SignatureSize);
        return VerifyDetached(
            ref GetReference(signature), ref GetReference(data), (ulong)data.Length, ref GetReference(publicKey)) == 0;
    }

    private static void Expand(ReadOnlySpan<byte> seed, Span<byte> publicKey, Span<byte> secretKey)
    {
        Check(seed, SeedSize);
        Check(publicKey, PublicKeySize);
        // Sets the library up once; every further call returns at once.
        Require(Math.Min(0, Init()));
        Require(SeedKeyPair(ref GetReference(publicKey), ref GetReference(secretKey), ref GetReference(seed)));
    }

    private static void Require(int result)
    {
        if (result != 0)
        {
            throw new CryptographicException("libsodium refused to make an Ed25519 key or signature.");
        }
    }

    [DllImport(NativeLibraries.Sodium, EntryPoint = "sodium_init")]
    private static extern int Init();

    [DllImport(NativeLibraries.Sodium, EntryPoint = "crypto_sign_seed_keypair")]
    private static extern int SeedKeyPair(ref byte publicKey, ref byte secretKey, ref byte seed);

    [DllImport(NativeLibraries.Sodium, EntryPoint = "crypto_sign_detached")]
    private static extern int SignDetached(ref byte signature, nint signatureLength, ref byte data, ulong length, ref byte secretKey);

    [DllImport(NativeLibraries.Sodium, EntryPoint = "crypto_sign_verify_detached")]
    private static extern int VerifyDetached(ref byte signature, ref byte data, ulong length, ref byte publicKey);
}
