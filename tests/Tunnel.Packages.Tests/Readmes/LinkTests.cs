using System.Text.RegularExpressions;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>Links between the documents lead somewhere, and every document can be reached from the first one.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void EveryLink_LeadsToAFileAndAHeadingInIt() => Faults.None(
        from link in Links()
        where !File.Exists(Repository.File(link.Target)) || (link.Heading.Length > 0 && !Headings(link.Target).Contains(link.Heading))
        select $"{link.From}: {link.Target}#{link.Heading}");

    [Fact]
    public void Readme_LeadsToEveryDocument() => Assert.Equal(
        CodeBlock.Documents.Where(document => document.StartsWith("docs/", StringComparison.Ordinal)),
        Links().Where(link => link.From == "README.md").Select(link => link.Target)
            .Where(target => target.StartsWith("docs/", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal));

    private static IEnumerable<(string From, string Target, string Heading)> Links() =>
        from document in CodeBlock.Documents
        from Match match in Link().Matches(CodeBlock.Read(document))
        let file = match.Groups[1].Value
        let full = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.File(document))!, file))
        select (document, file.Length == 0 ? document : Path.GetRelativePath(Repository.Root, full).Replace('\\', '/'), match.Groups[2].Value);

    /// <summary>As GitHub makes them into anchors.</summary>
    private static IEnumerable<string> Headings(string document) =>
        CodeBlock.Read(document).Split('\n').Where(line => line.StartsWith('#'))
            .Select(line => NoAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
