using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tunnel.Wire.Identity;

/// <summary>An agent's public key. Equal keys have equal texts.</summary>
internal sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>Longer than any key's text.</summary>
    private const int MaxTextLength = 128;

    private const string FingerprintPrefix = "SHA256:";
    private const string ServerIdPrefix = "srv_";

    /// <summary>RFC 4648 section 6, in lower case.</summary>
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";

    private readonly byte[] _raw;

    private PublicKey(KeyAlgorithm algorithm, byte[] raw)
    {
        Algorithm = algorithm;
        _raw = raw;
        Text = algorithm.TextPrefix() + Base64UrlText.Encode(raw);
        var digest = SHA256.HashData(Encoding.ASCII.GetBytes(Text));
        Fingerprint = FingerprintPrefix + Base64UrlText.Encode(digest);
        ServerId = ServerIdPrefix + ToBase32(digest.AsSpan(0, 10));
    }

    public KeyAlgorithm Algorithm { get; }

    /// <summary><c>ed25519:</c> or <c>es256:</c> and the key in base64url.</summary>
    public string Text { get; }

    /// <summary>What people compare, and the <c>kid</c> of tokens.</summary>
    public string Fingerprint { get; }

    /// <summary>The server id of a key that no operator gave another one.</summary>
    public string ServerId { get; }

    /// <summary>From the 32 bytes of RFC 8032, or the 65 of an uncompressed point (SEC 1 section 2.3.3).</summary>
    public static bool TryCreate(KeyAlgorithm algorithm, ReadOnlySpan<byte> raw, [NotNullWhen(true)] out PublicKey? key)
    {
        var valid = algorithm == KeyAlgorithm.EdDsa ? raw.Length == Ed25519.PublicKeySize : Es256.IsPoint(raw);
        key = valid ? new PublicKey(algorithm, raw.ToArray()) : null;
        return valid;
    }

    public static bool TryParse(string? text, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        if (text is null || text.Length > MaxTextLength)
        {
            return false;
        }

        foreach (var algorithm in (ReadOnlySpan<KeyAlgorithm>)[KeyAlgorithm.EdDsa, KeyAlgorithm.Es256])
        {
            var prefix = algorithm.TextPrefix();
            if (text.StartsWith(prefix, StringComparison.Ordinal))
            {
                return Base64UrlText.TryDecode(text.AsSpan(prefix.Length), out var raw) && TryCreate(algorithm, raw, out key);
            }
        }

        return false;
    }

    /// <summary>Whether a text has the form of a fingerprint, and so can be shown and logged whoever it is from.</summary>
    public static bool IsFingerprint(string text) =>
        text.StartsWith(FingerprintPrefix, StringComparison.Ordinal)
        && Base64UrlText.TryDecode(text.AsSpan(FingerprintPrefix.Length), out var digest)
        && digest.Length == SHA256.HashSizeInBytes;

    /// <summary>False too where the platform has no library for the key's algorithm.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => Algorithm == KeyAlgorithm.EdDsa
        ? signature.Length == Ed25519.SignatureSize && Ed25519.Available is { } library && library.Verify(_raw, data, signature)
        : Es256.Verify(_raw, data, signature);

    public bool Equals(PublicKey? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    /// <summary>Of whole groups of 5 bytes, so that no padding is needed.</summary>
    private static string ToBase32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 8 / 5);
        for (var bit = 0; bit < bytes.Length * 8; bit += 5)
        {
            var pair = (bytes[bit / 8] << 8) | (bit / 8 + 1 < bytes.Length ? bytes[bit / 8 + 1] : 0);
            text.Append(Base32[(pair >> (11 - bit % 8)) & 31]);
        }

        return text.ToString();
    }
}
