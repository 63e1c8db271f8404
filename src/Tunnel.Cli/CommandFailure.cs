namespace Tunnel.Cli;

/// <summary>Ends the command with one sentence for the person in front of it and an exit code for scripts.</summary>
internal sealed class CommandFailure(int exitCode, string sentence) : Exception(sentence)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>The sentence without what the person has read already.</summary>
    public string Unsaid { get; init; } = sentence;
}
