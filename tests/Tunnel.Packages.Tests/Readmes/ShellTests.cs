using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>The commands that users type name scripts, projects, packages, verbs and options that there are.</summary>
public sealed partial class ShellTests
{
    [Fact]
    public void EveryBlock_SaysItsLanguage()
    {
        string[] known = ["csharp", "json", "sh", "console", "text", "nginx"];
        Faults.None(CodeBlock.All().Where(block => !known.Contains(block.Language)).Select(block => $"{block.Place}: '{block.Language}'"));
    }

    [Fact]
    public async Task EveryCommand_CanBeTyped()
    {
        var wrong = new List<string>();
        foreach (var block in CodeBlock.All("sh", "console"))
        {
            var made = Made(block.File);
            foreach (var command in Commands(block))
            {
                if (await ErrorAsync(command, made) is { } error)
                {
                    wrong.Add($"{block.Place}: {command}: {error}");
                }
            }
        }

        Faults.None(wrong);
    }

    [Fact]
    public async Task EveryCommandAndOptionInASentence_IsThere()
    {
        var verbs = await CommandLine.VerbsAsync();
        var options = (await Task.WhenAll(verbs.Select(CommandLine.OptionsAsync))).SelectMany(one => one).ToHashSet();
        var wrong = new List<string>();
        foreach (var (file, text) in CodeBlock.Inline().Where(code => !code.File.StartsWith("samples/", StringComparison.Ordinal)))
        {
            var error = text.StartsWith("--", StringComparison.Ordinal) && !options.Contains(text.Split(' ')[0]) ? "no option of any verb"
                : text.StartsWith("tunnel ", StringComparison.Ordinal) ? await ErrorAsync(text, [])
                : null;
            if (error is not null)
            {
                wrong.Add($"{file}: `{text}`: {error}");
            }
        }

        Faults.None(wrong);
    }

    /// <summary>The lines of a block that are typed: all of a script, and those behind a prompt of a session.</summary>
    private static IEnumerable<string> Commands(CodeBlock block) =>
        from line in block.Text.Split('\n')
        let typed = block.Language == "sh" ? line : line.StartsWith("$ ", StringComparison.Ordinal) ? line[2..] : ""
        let command = Comment().Replace(typed, "").Trim()
        where command.Length > 0
        select command;

    /// <summary>The apps that the reader of a document makes, by their folders.</summary>
    private static HashSet<string> Made(string document) =>
        [.. NewApp().Matches(CodeBlock.Read(document)).Select(match => match.Groups[1].Value)];

    private static async Task<string?> ErrorAsync(string command, HashSet<string> made)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            ["dotnet", "fsi", var script, ..] => File.Exists(Repository.File(script)) ? null : "there is no such script",
            ["dotnet", "run", "--project", var project, ..] when made.Contains(project) => null,
            ["dotnet", "run", "--project", var project, ..] =>
                Directory.Exists(Repository.File(project)) && Directory.GetFiles(Repository.File(project), "*.csproj").Length == 1 ? null : "there is no such project",
            ["dotnet", "tool", "install", .. var rest] => PackageError(rest, rest.FirstOrDefault(word => word.StartsWith("Tunnel", StringComparison.Ordinal))),
            ["dotnet", "add", "package", var package, .. var rest] => PackageError(rest, package),
            ["dotnet", "add", var project, "package", var package, .. var rest] => made.Contains(project) ? PackageError(rest, package) : "there is no such project",
            ["dotnet", "new", "web", ..] or ["cd", ..] or ["curl", ..] => null,
            ["dotnet", "run", ..] => null,
            ["node", ..] => words.Any(word => word.EndsWith(".mjs", StringComparison.Ordinal) && File.Exists(Repository.File(word))) ? null : "there is no such script",
            ["tunnel", var verb, .. var rest] => await TunnelErrorAsync(verb, rest),
            _ => "the test does not know this command; teach it what has to be there",
        };
    }

    private static async Task<string?> TunnelErrorAsync(string verb, string[] words)
    {
        if (verb is "--help" or "--version")
        {
            return null;
        }

        if (!(await CommandLine.VerbsAsync()).Contains(verb))
        {
            return "there is no such verb";
        }

        var options = await CommandLine.OptionsAsync(verb);
        return words.FirstOrDefault(word => word.StartsWith("--", StringComparison.Ordinal) && !options.Contains(word)) is { } unknown
            ? $"there is no option {unknown}"
            : null;
    }

    private static string? PackageError(string[] words, string? package)
    {
        if (package is null || !File.Exists(Repository.File("src", package, $"{package}.csproj")))
        {
            return "there is no such package";
        }

        var version = XDocument.Load(Repository.File("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;
        var asked = Array.IndexOf(words, "--version");
        return asked < 0 || words[asked + 1] == version ? null : $"the version is {version}";
    }

    [GeneratedRegex(@"^dotnet new web -o (\S+)", RegexOptions.Multiline)]
    private static partial Regex NewApp();

    [GeneratedRegex(@"(^|\s+)#.*$")]
    private static partial Regex Comment();
}
