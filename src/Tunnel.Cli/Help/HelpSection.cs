namespace Tunnel.Cli.Help;

/// <summary>A section of a command's help below its options.</summary>
internal sealed record HelpSection(string Title, IReadOnlyList<string> Lines)
{
    public static HelpSection ExitCodes { get; } = new("Exit codes", [.. ExitCode.All.Select(code => $"{code.Code}  {code.Meaning}")]);
}
