using System.CommandLine;

namespace Tunnel.Cli.Arguments;

/// <summary><c>--json</c>, which every command that runs for long has.</summary>
internal static class JsonOption
{
    public const string Name = "--json";

    public static Option<bool> Create() => new(Name)
    {
        Description = "Print events for scripts to standard output instead, one JSON object a line (see below).",
    };
}
