namespace Tunnel.Cli.Output;

/// <summary>What the two outputs of the command can show.</summary>
/// <param name="IsTerminal">Whether somebody looks at standard output; else it goes to a file or another program.</param>
/// <param name="ColoursOutput">Whether standard output takes colours.</param>
/// <param name="ColoursErrors">Whether standard error takes colours.</param>
internal sealed record TerminalTraits(bool IsTerminal, bool ColoursOutput, bool ColoursErrors)
{
    public static TerminalTraits Plain { get; } = new(false, false, false);

    /// <summary>Columns and rows of the window now, <see langword="null"/> where there is none or it does not say.</summary>
    public Func<(int Columns, int Rows)?> Window { get; init; } = static () => null;

    /// <summary>Whether the output's character set has block elements.</summary>
    public bool HasBlocks { get; init; } = true;

    /// <summary>The process's own outputs.</summary>
    public static TerminalTraits Detect()
    {
        var traits = Of(Console.IsOutputRedirected, Console.IsErrorRedirected, Environment.GetEnvironmentVariable);
        if ((traits.ColoursOutput || traits.ColoursErrors) && !WindowsConsole.TakesEscapeSequences())
        {
            traits = traits with { ColoursOutput = false, ColoursErrors = false };
        }

        var encoding = Console.OutputEncoding;
        return traits with
        {
            Window = traits.IsTerminal ? WindowSize : static () => null,
            HasBlocks = encoding.GetString(encoding.GetBytes("▀▄█")) == "▀▄█",
        };
    }

    /// <summary>By the conventions of no-color.org (any value that is not empty) and of terminals that can do nothing but print.</summary>
    public static TerminalTraits Of(bool outputRedirected, bool errorsRedirected, Func<string, string?> variable)
    {
        var colours = string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") != "dumb";
        return new TerminalTraits(!outputRedirected, colours && !outputRedirected, colours && !errorsRedirected);
    }

    private static (int Columns, int Rows)? WindowSize()
    {
        try
        {
            return (Console.WindowWidth, Console.WindowHeight) is (> 0, > 0) size ? size : null;
        }
        catch (Exception e) when (e is IOException or PlatformNotSupportedException)
        {
            return null;
        }
    }
}
