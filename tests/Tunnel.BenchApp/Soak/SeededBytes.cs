using System.Buffers.Binary;

namespace Tunnel.BenchApp.Soak;

/// <summary>
/// Bodies that both ends can tell byte for byte: every eight bytes come from the seed and their place (SplitMix64), so a piece that is lost,
/// repeated, misplaced, or another request's shows, however long it is.
/// </summary>
internal static class SeededBytes
{
    /// <summary>The bytes of a seed's body from an offset on.</summary>
    public static void Fill(long seed, long offset, Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        while (!bytes.IsEmpty)
        {
            var skip = (int)(offset % sizeof(ulong));
            if (skip == 0 && bytes.Length >= sizeof(ulong))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, Word(seed, offset / sizeof(ulong)));
                bytes = bytes[sizeof(ulong)..];
                offset += sizeof(ulong);
                continue;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(word, Word(seed, offset / sizeof(ulong)));
            var count = Math.Min(bytes.Length, sizeof(ulong) - skip);
            word.Slice(skip, count).CopyTo(bytes);
            bytes = bytes[count..];
            offset += count;
        }
    }

    private static ulong Word(long seed, long index)
    {
        var z = unchecked(((ulong)seed * 0xD1342543DE82EF95) + (((ulong)index + 1) * 0x9E3779B97F4A7C15));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
