namespace Tunnel.BenchApp;

/// <summary>
/// The body that is sent and checked: byte i is i mod 251. The period is prime, so that a piece that was lost, repeated or swapped
/// shows, whatever power of two it was long.
/// </summary>
internal static class Pattern
{
    /// <summary>The longest piece that <see cref="At"/> gives.</summary>
    public const int PieceLength = 64 * 1024;

    private const int Period = 251;

    private static readonly byte[] Bytes = Create();

    /// <summary>The pattern's bytes from an offset on, at most <see cref="PieceLength"/> of them.</summary>
    public static ReadOnlyMemory<byte> At(long offset, long length) =>
        Bytes.AsMemory((int)(offset % Period), (int)Math.Min(length, PieceLength));

    private static byte[] Create()
    {
        var bytes = new byte[PieceLength + Period];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i % Period);
        }

        return bytes;
    }
}
