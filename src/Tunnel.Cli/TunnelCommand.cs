using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Microsoft.Extensions.Options;
using Tunnel.Cli.Arguments;
using Tunnel.Cli.Help;
using Tunnel.Cli.Output;

namespace Tunnel.Cli;

/// <summary>The root command: knows its subcommands, and turns every way to fail into a sentence and an exit code.</summary>
internal static class TunnelCommand
{
    private const string Name = "tunnel";

    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken = default)
    {
        // A leading @ is part of a value here, not the name of a file with further arguments.
        var parsed = Create(terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var events = WantsJson(parsed) ? new JsonEvents(terminal, TimeProvider.System) : null;
        using var interrupts = new Interrupts(exitCode => _ = ExitAsync(exitCode), cancellationToken);
        try
        {
            if (parsed.Action is ParseErrorAction)
            {
                var command = parsed.CommandResult.Command.Name;
                return Fail(ExitCode.Usage, Complaints.Of(parsed), $"Help: {(command == Name ? Name : $"{Name} {command}")} --help");
            }

            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // interrupts does it
            }, interrupts.Token);
        }
        catch (CommandFailure failure)
        {
            // The events of a script are not what a person reads on standard error, so there the reason is still to be said.
            return Fail(failure.ExitCode, [events is null ? failure.Unsaid : failure.Message]);
        }
        catch (OptionsValidationException invalid)
        {
            return Fail(ExitCode.Usage, invalid.Failures.Select(SettingNames.ToAgentOptions).Select(SettingNames.ToRelayOptions));
        }
        catch (Exception unexpected) when (unexpected is not OperationCanceledException)
        {
            return Fail(ExitCode.Unexpected, $"Unexpected error: {unexpected}".ReplaceLineEndings("\n").Split('\n'));
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok;
        }
        finally
        {
            await terminal.CloseAsync();
        }

        async Task ExitAsync(int exitCode)
        {
            await terminal.CloseAsync();
            Environment.Exit(exitCode);
        }

        int Fail(int exitCode, IEnumerable<string> sentences, string? hint = null)
        {
            var all = sentences.ToList();
            events?.Error(exitCode, string.Join(" ", all));
            all.ForEach(terminal.Fail);
            if (hint is not null)
            {
                terminal.Hint(hint);
            }

            return exitCode;
        }
    }

    // A plain command, because RootCommand calls itself after the file, which is not the name that people type.
    private static DocumentedCommand Create(Terminal terminal)
    {
        var help = new HelpOption();
        help.Action = new CommandHelp((HelpAction)help.Action!);
        return new DocumentedCommand(Name, "Gives web servers that nobody can reach a public URL on a relay.")
        {
            Sections =
            [
                new("Examples",
                [
                    "tunnel http 3000 --relay https://tunnel.example.com   share http://localhost:3000",
                    "tunnel relay --development                            try it on one machine: a relay at " + Addresses.DefaultListen,
                    "tunnel http --help                                    more about a command",
                ]),
                HelpSection.ExitCodes,
            ],
            Subcommands = { HttpCommand.Create(terminal), RelayCommand.Create(terminal) },
            Options = { help, new VersionOption() },
        };
    }

    private static bool WantsJson(ParseResult parsed) =>
        parsed.CommandResult.Command.Options.OfType<Option<bool>>().FirstOrDefault(option => option.Name == JsonOption.Name) is { } json
        && parsed.GetValue(json);
}
