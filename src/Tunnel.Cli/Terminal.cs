namespace Tunnel.Cli;

/// <summary>Text for people goes to standard output, errors to standard error; colours only where somebody sees them.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    private readonly Lock _lock = new();

    /// <summary>The convention of no-color.org: any value that is not empty switches colours off.</summary>
    public static bool Colours { get; } =
        !Console.IsOutputRedirected
        && !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") != "dumb";

    public static string Bold(string text) => Paint("1", text);

    public static string Green(string text) => Paint("32", text);

    public static string Yellow(string text) => Paint("33", text);

    public static string Red(string text) => Paint("31", text);

    /// <summary>Prints a line to standard output.</summary>
    public void Say(string line)
    {
        lock (_lock)
        {
            output.WriteLine(line);
        }
    }

    /// <summary>Prints a line to standard error.</summary>
    public void Complain(string line)
    {
        lock (_lock)
        {
            error.WriteLine(Red(line));
        }
    }

    private static string Paint(string code, string text) => Colours ? $"\e[{code}m{text}\e[0m" : text;
}
