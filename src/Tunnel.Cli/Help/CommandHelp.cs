using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Tunnel.Cli.Help;

/// <summary>The library's help, and below it the command's own sections.</summary>
internal sealed class CommandHelp(HelpAction standard) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = standard.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var sections = (parseResult.CommandResult.Command as DocumentedCommand)?.Sections ?? [];
        foreach (var section in sections)
        {
            output.WriteLine($"{section.Title}:");
            foreach (var line in section.Lines)
            {
                output.WriteLine($"  {line}");
            }

            output.WriteLine();
        }

        return result;
    }
}
