using System.Text.RegularExpressions;

namespace Tunnel.Cli.Tests;

/// <summary>What docs/command.md lists is what the command's help lists.</summary>
public sealed partial class ReferenceTests
{
    [Fact]
    public void ListsEveryExitCode() => Assert.Equal(
        ExitCode.All.Select(code => ($"{code.Code}", code.Meaning)),
        Rows("| exit code |").Select(cells => (cells[0], cells[1].Replace("`", string.Empty, StringComparison.Ordinal))));

    [Fact]
    public async Task ListsEveryEvent()
    {
        var told = new List<string>();
        foreach (var verb in new[] { "http", "relay" })
        {
            var help = (await CommandRun.OfAsync(verb, "--help")).Output;
            var events = help[help.IndexOf("Events of --json", StringComparison.Ordinal)..help.IndexOf("Exit codes:", StringComparison.Ordinal)];
            told.AddRange(Event().Matches(events).Select(match => $"`{match.Groups[1].Value}`"));
        }

        Assert.Equal(told.Distinct().Order(), Rows("| event |").Select(cells => cells[0]).Order());
    }

    private static IEnumerable<string[]> Rows(string head) => DocumentTable.Rows("docs/command.md", head);

    [GeneratedRegex(@"^  ([a-z]+)  +\S", RegexOptions.Multiline)]
    private static partial Regex Event();
}
