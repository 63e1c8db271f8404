namespace Tunnel.Cli.Arguments;

/// <summary>Finds what somebody meant who mistyped the name of an option or a command.</summary>
internal static class Spelling
{
    /// <summary>How much of a name is enough to complete it.</summary>
    private const int LeastBeginning = 4;

    /// <summary>The candidate that begins so, or the nearest, or <see langword="null"/> if none is near: two letters in five may be wrong.</summary>
    public static string? Nearest(string written, IReadOnlyList<string> candidates)
    {
        if (written.Length >= LeastBeginning
            && candidates.FirstOrDefault(name => name.StartsWith(written, StringComparison.OrdinalIgnoreCase)) is { } begun)
        {
            return begun;
        }

        var (distance, candidate) = candidates
            .Select(candidate => (Distance: Distance(written.ToLowerInvariant(), candidate), candidate))
            .DefaultIfEmpty((int.MaxValue, string.Empty))
            .MinBy(pair => pair.Item1);
        return distance <= Math.Max(1, candidate.TrimStart('-').Length * 2 / 5) ? candidate : null;
    }

    /// <summary>How many letters have to be put in, left out, replaced or swapped with the next (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                table[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(
                        Math.Min(table[i - 1, j], table[i, j - 1]) + 1,
                        table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[a.Length, b.Length];
    }
}
