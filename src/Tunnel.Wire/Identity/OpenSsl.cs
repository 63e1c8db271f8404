using System.Runtime.InteropServices;

namespace Tunnel.Wire.Identity;

/// <summary>The calls of OpenSSL's libcrypto that Ed25519 needs. A size_t is an nint here; the frees accept 0.</summary>
internal static class OpenSsl
{
    /// <summary>EVP_PKEY_ED25519.</summary>
    public const int Ed25519 = 1087;

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    public static extern nint NewPrivateKey(int type, nint engine, ref byte key, nint length);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    public static extern nint NewPublicKey(int type, nint engine, ref byte key, nint length);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    public static extern int GetPublicKey(nint key, ref byte publicKey, ref nint length);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_PKEY_free")]
    public static extern void FreeKey(nint key);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_MD_CTX_new")]
    public static extern nint NewContext();

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_MD_CTX_free")]
    public static extern void FreeContext(nint context);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_DigestSignInit")]
    public static extern int SignInit(nint context, nint keyContext, nint digest, nint engine, nint key);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_DigestSign")]
    public static extern int Sign(nint context, ref byte signature, ref nint signatureLength, ref byte data, nint length);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_DigestVerifyInit")]
    public static extern int VerifyInit(nint context, nint keyContext, nint digest, nint engine, nint key);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_DigestVerify")]
    public static extern int Verify(nint context, ref byte signature, nint signatureLength, ref byte data, nint length);

    [DllImport(NativeLibraries.OpenSsl, EntryPoint = "ERR_clear_error")]
    public static extern void ClearErrors();
}
