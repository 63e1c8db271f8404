using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Microsoft.Extensions.Options;

namespace Tunnel.Cli;

/// <summary>The root command: knows its subcommands, and turns every way to fail into a sentence and an exit code.</summary>
internal static class TunnelCommand
{
    private const string Name = "tunnel";

    /// <summary>Longer than the host's own shutdown limit of 30 seconds, which drains open requests.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(35);

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var terminal = new Terminal(output, error);
        // A leading @ is part of a value here, not the name of a file with further arguments.
        var parsed = Create(terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            return Refuse(parsed, terminal);
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TerminationTimeout,
            });
        }
        catch (CommandFailure failure)
        {
            terminal.Complain(failure.Message);
            return failure.ExitCode;
        }
        catch (OptionsValidationException invalid)
        {
            invalid.Failures.ToList().ForEach(terminal.Complain);
            return ExitCode.Usage;
        }
        catch (Exception unexpected) when (unexpected is not OperationCanceledException)
        {
            terminal.Complain($"Unexpected error: {unexpected}");
            return ExitCode.Unexpected;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok;
        }
    }

    // A plain command, because RootCommand calls itself after the file, which is not the name that people type.
    private static Command Create(Terminal terminal)
    {
        var help = new HelpOption();
        help.Action = new HelpWithExitCodes((HelpAction)help.Action!);
        return new Command(Name, "Gives web servers that nobody can reach a public URL on a relay.")
        {
            RelayCommand.Create(terminal),
            HttpCommand.Create(terminal),
            help,
            new VersionOption(),
        };
    }

    private static int Refuse(ParseResult parsed, Terminal terminal)
    {
        foreach (var sentence in parsed.Errors.Select(e => e.Message).Distinct())
        {
            terminal.Complain(sentence);
        }

        var command = parsed.CommandResult.Command;
        terminal.Complain($"Help: {(command.Name == Name ? Name : $"{Name} {command.Name}")} --help");
        return ExitCode.Usage;
    }

    private sealed class HelpWithExitCodes(HelpAction standard) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = standard.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Exit codes:");
            foreach (var (code, meaning) in ExitCode.All)
            {
                output.WriteLine($"  {code}  {meaning}");
            }

            return result;
        }
    }
}
