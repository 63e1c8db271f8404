namespace Tunnel.Wire.Tests.Fuzz;

/// <summary>Bytes that are nearly right: what the specification shows, changed in a few places.</summary>
internal sealed class MutatedBytes(Random random, IReadOnlyList<byte[]> seeds)
{
    private const int Longest = 4096;

    public byte[] Next()
    {
        var bytes = new List<byte>(seeds[random.Next(seeds.Count)]);
        for (var changes = random.Next(6); changes > 0; changes--)
        {
            Change(bytes);
        }

        return [.. bytes.Take(Longest)];
    }

    private void Change(List<byte> bytes)
    {
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(7))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.Insert(at, (byte)random.Next(256));
                break;
            case 3 when at < bytes.Count:
                bytes.RemoveRange(at, random.Next(1, bytes.Count - at + 1));
                break;
            case 4:
                bytes.InsertRange(at, seeds[random.Next(seeds.Count)]);
                break;
            case 5:
                bytes.InsertRange(at, new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0x0F }); // the largest 32-bit number
                break;
            case 6:
                bytes.InsertRange(at, bytes.GetRange(0, at)); // said twice
                break;
        }
    }
}
