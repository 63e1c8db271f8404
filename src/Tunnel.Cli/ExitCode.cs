namespace Tunnel.Cli;

/// <summary>The command's exit codes. They are part of its interface: scripts decide by them, so a number keeps its meaning.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Unexpected = 1;
    public const int Usage = 2;
    public const int RelayUnreachable = 3;
    public const int SlugRefused = 4;
    public const int KeyRefused = 5;
    public const int TargetDown = 6;
    public const int AddressInUse = 7;

    /// <summary>What <c>--help</c> prints.</summary>
    public static readonly IReadOnlyList<(int Code, string Meaning)> All =
    [
        (Ok, "ended normally, by Ctrl+C too"),
        (Unexpected, "an unexpected error"),
        (Usage, "wrong usage: an option, port, URL or setting is not valid"),
        (RelayUnreachable, "the relay cannot be reached, or is not a relay, or not the one of --relay-key"),
        (SlugRefused, "the slug is taken or refused"),
        (KeyRefused, "the relay does not accept this machine's key"),
        (TargetDown, "nothing answers at the port or URL to be shared"),
        (AddressInUse, "the relay's address is in use already"),
    ];
}
