using System.CommandLine;
using System.CommandLine.Parsing;

namespace Tunnel.Cli.Arguments;

/// <summary>What is wrong with a command line, in sentences.</summary>
internal static class Complaints
{
    /// <summary>Long enough for every name there is; comparing takes the product of both lengths.</summary>
    private const int LongestName = 40;

    public static IEnumerable<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.FirstOrDefault(IsOption) is { } option)
        {
            // What follows it was its value, and what is missing may be what was misspelt.
            var name = NameOf(option);
            return command.Options.Any(known => known.Name == name)
                ? [$"{name} belongs behind the command: {string.Join(' ', PathTo(command))} {name}."]
                : [Unknown("option", name, command.Options.Select(known => known.Name))];
        }

        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var unknown, ..])
        {
            return [Unknown("command", unknown, command.Subcommands.Select(known => known.Name))];
        }

        var missing = command.Options.Where(known => known.Required && parsed.GetResult(known) is null or { IdentifierTokenCount: 0 }).Select(known => known.Name);
        return missing.Contains("--relay")
            ? [$"Say which relay: --relay https://tunnel.example.com, or --relay {Addresses.DefaultListen} where 'tunnel relay --development' runs."]
            : parsed.Errors.Select(error => Sentence(error, command)).Distinct();
    }

    private static string Sentence(ParseError error, Command command) =>
        command.Subcommands.Count > 0
            ? $"Say what to do: {string.Join(" or ", command.Subcommands.Select(known => $"{command.Name} {known.Name}"))}."
            : error.Message;

    private static string Unknown(string kind, string written, IEnumerable<string> known)
    {
        var meant = written.Length <= LongestName ? Spelling.Nearest(written, [.. known]) : null;
        return $"There is no {kind} '{written}'.{(meant is null ? string.Empty : $" Did you mean '{meant}'?")}";
    }

    private static IEnumerable<string> PathTo(Command command) =>
        command.Parents.OfType<Command>().Select(parent => parent.Name).Append(command.Name);

    private static bool IsOption(string token) => token.Length > 1 && token[0] == '-';

    private static string NameOf(string token) => token.Split('=', ':')[0];
}
