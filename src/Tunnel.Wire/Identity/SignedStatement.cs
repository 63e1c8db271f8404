using System.Text;

namespace Tunnel.Wire.Identity;

/// <summary>
/// What the two sides sign during registration: lines of ASCII joined by line feeds, the first of which says what the signature is for,
/// so that a signature for one purpose is none for another.
/// </summary>
internal static class SignedStatement
{
    public static string Sign(SigningKey key, params ReadOnlySpan<string> lines) => Base64UrlText.Encode(key.Sign(Bytes(lines)));

    public static bool Verify(PublicKey key, string signature, params ReadOnlySpan<string> lines) =>
        Base64UrlText.TryDecode(signature, out var bytes) && key.Verify(Bytes(lines), bytes);

    private static byte[] Bytes(ReadOnlySpan<string> lines) => Encoding.ASCII.GetBytes(string.Join('\n', lines));
}
