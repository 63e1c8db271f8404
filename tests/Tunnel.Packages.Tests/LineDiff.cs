using System.Text;

namespace Tunnel.Packages.Tests;

/// <summary>What changed between two texts, line by line, with one line of context around it.</summary>
internal static class LineDiff
{
    private const int Context = 1;

    public static string Of(string before, string after)
    {
        var lines = Compare(before.Split('\n'), after.Split('\n'));
        var shown = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines.Skip(i - Context).Take((2 * Context) + 1 + Math.Min(0, i - Context)).Any(line => line[0] != ' '))
            {
                shown.Append(lines[i]).Append('\n');
            }
        }

        return shown.ToString();
    }

    /// <summary>By the longest common subsequence, which is quick enough for files of a few thousand lines.</summary>
    private static List<string> Compare(string[] before, string[] after)
    {
        var common = new int[before.Length + 1, after.Length + 1];
        for (var i = before.Length - 1; i >= 0; i--)
        {
            for (var j = after.Length - 1; j >= 0; j--)
            {
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var lines = new List<string>();
        for (int i = 0, j = 0; i < before.Length || j < after.Length;)
        {
            if (i < before.Length && j < after.Length && before[i] == after[j])
            {
                lines.Add("  " + before[i++]);
                j++;
            }
            else if (j == after.Length || (i < before.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                lines.Add("- " + before[i++]);
            }
            else
            {
                lines.Add("+ " + after[j++]);
            }
        }

        return lines;
    }
}
