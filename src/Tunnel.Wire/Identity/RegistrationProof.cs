using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tunnel.Wire.Identity;

/// <summary>
/// The agent's signature over the relay's fresh nonce that goes with a token: a stolen token alone is useless, and so is a stolen resume
/// token. The audience keeps another relay from passing it on.
/// </summary>
internal static class RegistrationProof
{
    private const string Register = "tunnel.v1 register";
    private const string Resume = "tunnel.v1 resume";

    /// <exception cref="ArgumentException">The relay's nonce is none; a relay must not choose what the key signs.</exception>
    public static string Sign(SigningKey key, string nonce, string audience, string token) =>
        SignedStatement.Sign(key, Register, Checked(nonce), audience, Digest(token));

    public static bool Verify(PublicKey key, string nonce, string audience, string token, string proof) =>
        Nonce.IsValid(nonce) && SignedStatement.Verify(key, proof, Register, nonce, audience, Digest(token));

    /// <inheritdoc cref="Sign"/>
    public static string SignResume(SigningKey key, string nonce, string audience, string token, string session, int epoch) =>
        SignedStatement.Sign(key, Resume, Checked(nonce), audience, Digest(token), session, Text(epoch));

    public static bool VerifyResume(
        PublicKey key, string nonce, string audience, string token, string session, int epoch, string proof) =>
        Nonce.IsValid(nonce) && SignedStatement.Verify(key, proof, Resume, nonce, audience, Digest(token), session, Text(epoch));

    private static string Checked(string nonce) =>
        Nonce.IsValid(nonce) ? nonce : throw new ArgumentException("The relay's nonce is not 32 bytes in base64url.", nameof(nonce));

    private static string Digest(string token) => Base64UrlText.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(token)));

    private static string Text(int epoch) => epoch.ToString(CultureInfo.InvariantCulture);
}
