using System.Security.Cryptography;
using System.Text;

namespace Tunnel.Wire.Identity;

/// <summary>
/// The signature over the relay's fresh nonce that goes with a token: a stolen token alone is useless. The first line keeps it
/// apart from everything else that the key signs, and the audience keeps another relay from passing it on.
/// </summary>
internal static class RegistrationProof
{
    private const string Context = "tunnel.v1 register\n";

    /// <exception cref="ArgumentException">The relay's nonce is none; a relay must not choose what the key signs.</exception>
    public static string Sign(SigningKey key, string nonce, string audience, string token)
    {
        if (!Nonce.IsValid(nonce))
        {
            throw new ArgumentException("The relay's nonce is not 32 bytes in base64url.", nameof(nonce));
        }

        return Base64UrlText.Encode(key.Sign(Statement(nonce, audience, token)));
    }

    public static bool Verify(PublicKey key, string nonce, string audience, string token, string proof) =>
        Nonce.IsValid(nonce)
        && Base64UrlText.TryDecode(proof, out var signature)
        && key.Verify(Statement(nonce, audience, token), signature);

    private static byte[] Statement(string nonce, string audience, string token)
    {
        var digest = Base64UrlText.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        return Encoding.ASCII.GetBytes($"{Context}{nonce}\n{audience}\n{digest}");
    }
}
