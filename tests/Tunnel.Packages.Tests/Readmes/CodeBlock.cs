using System.Text.RegularExpressions;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>A fenced block of a document: its language, its text, and where it begins.</summary>
/// <param name="File">The document, from the repository's root.</param>
/// <param name="Line">The number of the text's first line.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Text">The lines between the fences.</param>
/// <param name="IsExempt">A comment in front says why it is not compiled.</param>
internal sealed partial record CodeBlock(string File, int Line, string Language, string Text, bool IsExempt)
{
    public const string Exemption = "<!-- not compiled: ";

    /// <summary>What users of the packages read.</summary>
    public static IReadOnlyList<string> Documents { get; } =
    [
        .. new[] { "README.md" }
            .Concat(Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Repository.File("src"), "README.md", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Repository.File("samples"), "README.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, Path.Combine(Repository.Root, file)).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    public string Place => $"{File}({Line})";

    public static IEnumerable<CodeBlock> All(params string[] languages) =>
        Documents.SelectMany(In).Where(block => languages.Length == 0 || languages.Contains(block.Language));

    /// <summary>What stands between single backticks.</summary>
    public static IEnumerable<(string File, string Text)> Inline() =>
        from file in Documents
        from Match match in InlineCode().Matches(Fences().Replace(Read(file), ""))
        select (file, match.Groups[1].Value);

    public static string Read(string document) => System.IO.File.ReadAllText(Repository.File(document)).ReplaceLineEndings("\n");

    private static IEnumerable<CodeBlock> In(string document)
    {
        var lines = Read(document).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                var end = Array.IndexOf(lines, "```", i + 1);
                var isExempt = i > 0 && lines[i - 1].StartsWith(Exemption, StringComparison.Ordinal);
                yield return new CodeBlock(document, i + 2, lines[i][3..].Trim(), string.Join('\n', lines[(i + 1)..end]), isExempt);
                i = end;
            }
        }
    }

    [GeneratedRegex("^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex InlineCode();
}
