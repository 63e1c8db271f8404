using System.Text;

namespace Tunnel.Wire.Codec;

/// <summary>
/// Turns bytes into strings and gives the same string for bytes that were seen lately: header values repeat from request to request.
/// What comes once, as most cookies and tokens do, takes no entry. Bounded: 512 entries of at most 256 bytes, which a browser's
/// <c>User-Agent</c> and <c>Accept</c> do not reach. Safe for concurrent use; an entry is replaced as a whole, and a lost race only costs
/// a string.
/// </summary>
internal static class CachedText
{
    private const int MaxLength = 256;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly Entry?[] Entries = new Entry?[512];
    private static readonly int[] LastMissed = new int[Entries.Length]; // the hash of what did not find its entry

    /// <summary>Octets as text, each of them one char: what a header's value is until somebody knows its encoding (RFC 9110 section 5.5).</summary>
    public static string Latin1(ReadOnlySpan<byte> octets) =>
        Ascii.IsValid(octets) ? Get(octets) : Encoding.Latin1.GetString(octets);

    /// <exception cref="WireFormatException">The bytes are not UTF-8.</exception>
    public static string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return string.Empty;
        }

        if (utf8.Length > MaxLength)
        {
            return Decode(utf8);
        }

        var hash = new HashCode();
        hash.AddBytes(utf8);
        var code = hash.ToHashCode();
        var index = (uint)code % (uint)Entries.Length;
        var entry = Volatile.Read(ref Entries[index]);
        if (entry is not null && utf8.SequenceEqual(entry.Bytes))
        {
            return entry.Text;
        }

        var text = Decode(utf8);
        if (LastMissed[index] == code)
        {
            Volatile.Write(ref Entries[index], new Entry(utf8.ToArray(), text));
        }

        LastMissed[index] = code;
        return text;
    }

    // Not with replacement characters: a value must come out as it went in, or not at all.
    private static string Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Strict.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new WireFormatException("A text is not UTF-8.");
        }
    }

    private sealed record Entry(byte[] Bytes, string Text);
}
