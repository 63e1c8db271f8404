namespace Tunnel.Testing;

/// <summary>Tables of the documents, for tests that compare them with the code.</summary>
internal static class DocumentTable
{
    /// <summary>The cells of the first table behind a line that begins with a text: a heading, or the table's own first line.</summary>
    /// <param name="document">Its path from the repository's root.</param>
    /// <param name="beginning">What the line begins with.</param>
    public static IEnumerable<string[]> Rows(string document, string beginning) => File.ReadLines(Repository.File(document))
        .SkipWhile(line => !line.StartsWith(beginning, StringComparison.Ordinal))
        .SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal))
        .Skip(1)
        .TakeWhile(line => line.StartsWith('|'))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]);
}
