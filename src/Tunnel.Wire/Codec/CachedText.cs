using System.Text;

namespace Tunnel.Wire.Codec;

/// <summary>
/// Turns bytes into strings and gives the same string for bytes that were seen lately: header values repeat from request to request.
/// Bounded: 512 entries of at most 64 bytes. Safe for concurrent use; an entry is replaced as a whole, and a lost race only costs a
/// string.
/// </summary>
internal static class CachedText
{
    private const int MaxLength = 64;
    private static readonly Entry?[] Entries = new Entry?[512];

    public static string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return string.Empty;
        }

        if (utf8.Length > MaxLength)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        var hash = new HashCode();
        hash.AddBytes(utf8);
        ref var slot = ref Entries[(uint)hash.ToHashCode() % (uint)Entries.Length];
        var entry = Volatile.Read(ref slot);
        if (entry is not null && utf8.SequenceEqual(entry.Bytes))
        {
            return entry.Text;
        }

        entry = new Entry(utf8.ToArray(), Encoding.UTF8.GetString(utf8));
        Volatile.Write(ref slot, entry);
        return entry.Text;
    }

    private sealed record Entry(byte[] Bytes, string Text);
}
