using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Tunnel.Packages.Tests.Programs;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>What the command <c>tunnel</c> says it knows, asked of the command itself.</summary>
internal static partial class CommandLine
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly ConcurrentDictionary<string, Task<HashSet<string>>> Known = new();

    /// <summary>The verbs of the command.</summary>
    public static async Task<IReadOnlyList<string>> VerbsAsync()
    {
        var help = await HelpAsync();
        var list = help[help.IndexOf("Commands:", StringComparison.Ordinal)..];
        return [.. Verb().Matches(list).Select(match => match.Groups[1].Value)];
    }

    /// <summary>The options of a verb.</summary>
    public static Task<HashSet<string>> OptionsAsync(string verb) => Known.GetOrAdd(verb, async name =>
        [.. Option().Matches(await HelpAsync(name)).Select(match => match.Value), "--help"]);

    private static async Task<string> HelpAsync(params string[] verb)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Tunnel.Cli.dll");
        var help = await FinishedProgram.DotnetAsync(AppContext.BaseDirectory, Limit, [program, .. verb, "--help"]);
        Assert.True(help.ExitCode == 0, help.Output);
        return help.Output;
    }

    [GeneratedRegex(@"^  ([a-z][a-z-]*)\b", RegexOptions.Multiline)]
    private static partial Regex Verb();

    [GeneratedRegex(@"--[a-z][a-z-]*")]
    private static partial Regex Option();
}
