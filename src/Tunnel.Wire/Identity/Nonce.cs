using System.Security.Cryptography;

namespace Tunnel.Wire.Identity;

/// <summary>The relay's challenge: 32 random bytes in base64url.</summary>
internal static class Nonce
{
    private const int Size = 32;

    public static string Create() => Base64UrlText.Encode(RandomNumberGenerator.GetBytes(Size));

    public static bool IsValid(string? nonce) =>
        nonce is not null && Base64UrlText.TryDecode(nonce, out var bytes) && bytes.Length == Size;
}
