using System.CommandLine;

namespace Tunnel.Cli.Help;

/// <summary>A command whose help says more than its options.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    public IReadOnlyList<HelpSection> Sections { get; init; } = [];
}
