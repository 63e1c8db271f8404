using System.Security.Cryptography;
using static System.Runtime.InteropServices.MemoryMarshal;

namespace Tunnel.Wire.Identity;

/// <summary>Ed25519 by OpenSSL 3 (https://docs.openssl.org/3.0/man7/EVP_SIGNATURE-ED25519/).</summary>
internal sealed class OpenSslEd25519 : Ed25519
{
    private OpenSslEd25519()
    {
    }

    public static OpenSslEd25519? TryLoad()
    {
        var library = new OpenSslEd25519();
        return NativeLibraries.HasOpenSsl && Works(library) ? library : null;
    }

    public override void DerivePublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        Check(seed, SeedSize);
        Check(publicKey, PublicKeySize);
        var key = OpenSsl.NewPrivateKey(OpenSsl.Ed25519, 0, ref GetReference(seed), SeedSize);
        nint length = PublicKeySize;
        var derived = key != 0 && OpenSsl.GetPublicKey(key, ref GetReference(publicKey), ref length) == 1;
        OpenSsl.FreeKey(key);
        Require(derived && length == PublicKeySize);
    }

    public override void Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        Check(seed, SeedSize);
        Check(signature, SignatureSize);
        var key = OpenSsl.NewPrivateKey(OpenSsl.Ed25519, 0, ref GetReference(seed), SeedSize);
        var context = OpenSsl.NewContext();
        nint length = SignatureSize;
        var signed = key != 0 && context != 0
            && OpenSsl.SignInit(context, 0, 0, 0, key) == 1
            && OpenSsl.Sign(context, ref GetReference(signature), ref length, ref GetReference(data), data.Length) == 1;
        OpenSsl.FreeContext(context);
        OpenSsl.FreeKey(key);
        Require(signed && length == SignatureSize);
    }

    public override bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Check(publicKey, PublicKeySize);
        Check(signature, SignatureSize);
        var key = OpenSsl.NewPublicKey(OpenSsl.Ed25519, 0, ref GetReference(publicKey), PublicKeySize);
        var context = OpenSsl.NewContext();
        // Exactly 1: an error is a negative number and must not count as success.
        var valid = key != 0 && context != 0
            && OpenSsl.VerifyInit(context, 0, 0, 0, key) == 1
            && OpenSsl.Verify(context, ref GetReference(signature), SignatureSize, ref GetReference(data), data.Length) == 1;
        OpenSsl.FreeContext(context);
        OpenSsl.FreeKey(key);
        ForgetErrors(valid);
        return valid;
    }

    private static void Require(bool succeeded)
    {
        ForgetErrors(succeeded);
        if (!succeeded)
        {
            throw new CryptographicException("OpenSSL refused to make an Ed25519 key or signature.");
        }
    }

    // .NET's own TLS reads the same queue on this thread, and would take our error for one of its own.
    private static void ForgetErrors(bool succeeded)
    {
        if (!succeeded)
        {
            OpenSsl.ClearErrors();
        }
    }
}
