namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Bytes that tell their place, with a period that no frame, chunk or buffer has.</summary>
internal static class Pattern
{
    private const int Period = 1_000_003;

    private static readonly byte[] Bytes = Make();

    /// <summary>The bytes from a place on: as many as are wanted, or fewer where the period ends.</summary>
    public static ReadOnlyMemory<byte> At(long place, long most) =>
        Bytes.AsMemory((int)(place % Period), (int)Math.Min(most, Period - place % Period));

    public static byte[] Of(int length)
    {
        var all = new byte[length];
        for (var place = 0; place < length;)
        {
            var piece = At(place, length - place);
            piece.CopyTo(all.AsMemory(place));
            place += piece.Length;
        }

        return all;
    }

    public static async Task WriteAsync(Stream destination, long length, int largest = 64 * 1024)
    {
        for (long place = 0; place < length;)
        {
            var piece = At(place, Math.Min(largest, length - place));
            await destination.WriteAsync(piece);
            place += piece.Length;
        }
    }

    /// <summary>Reads to the end, or so many bytes, and returns how many were there.</summary>
    /// <exception cref="InvalidDataException">A byte is not the one of its place.</exception>
    public static async Task<long> CheckAsync(Func<Memory<byte>, Task<int>> readAsync, long most = long.MaxValue)
    {
        var buffer = new byte[64 * 1024];
        long place = 0;
        while (place < most && await readAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - place))) is > 0 and var count)
        {
            for (var checkedBytes = 0; checkedBytes < count;)
            {
                var expected = At(place, count - checkedBytes).Span;
                if (!expected.SequenceEqual(buffer.AsSpan(checkedBytes, expected.Length)))
                {
                    throw new InvalidDataException($"Wrong bytes between {place} and {place + expected.Length}.");
                }

                place += expected.Length;
                checkedBytes += expected.Length;
            }
        }

        return place;
    }

    private static byte[] Make()
    {
        var bytes = new byte[Period];
        new Random(11).NextBytes(bytes);
        return bytes;
    }
}
