using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Tunnel.Wire.Identity;

/// <summary>Base64url without padding (RFC 7515 section 2), one text per value.</summary>
internal static class Base64UrlText
{
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>
    /// Refuses padding, white space and stray trailing bits, which the framework's decoder lets pass: otherwise one key or
    /// signature would have several texts that compare as different.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (!Base64Url.IsValid(text))
        {
            return false;
        }

        var decoded = Base64Url.DecodeFromChars(text);
        if (!text.SequenceEqual(Base64Url.EncodeToString(decoded)))
        {
            return false;
        }

        bytes = decoded;
        return true;
    }
}
