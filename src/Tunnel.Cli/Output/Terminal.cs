namespace Tunnel.Cli.Output;

/// <summary>What was asked for goes to standard output, what went wrong to standard error, a line at a time.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error, TerminalTraits traits, TimeProvider? time = null)
{
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(2);

    private readonly BatchedLines _lines = new(output, time ?? TimeProvider.System); // keeps the lines of several threads whole

    public TextWriter Output => output;

    public TextWriter Error => error;

    public TerminalTraits Traits => traits;

    /// <summary>For lines to <see cref="Say"/>.</summary>
    public Palette Palette => new(traits.ColoursOutput);

    /// <summary>What stands in for lines that were left out, by their count.</summary>
    public Func<int, string> Omission
    {
        set => _lines.Omission = value;
    }

    /// <summary>Prints a line to standard output as it is: text of others has to be made printable before.</summary>
    public void Say(string line) => _lines.Add(line, output);

    /// <summary>Nothing more is to be printed. Returns when everything was, or after two seconds: a terminal may take nothing.</summary>
    public async Task CloseAsync()
    {
        _lines.Complete();
        try
        {
            await _lines.WhenPrinted.WaitAsync(LastWait);
        }
        catch (TimeoutException)
        {
            // Whoever reads here has stopped to, and does not keep the command from ending.
        }
    }

    /// <summary>Prints to standard error what the command goes on after.</summary>
    public void Warn(string sentence) => Complain(new Palette(traits.ColoursErrors).Yellow(PrintableText.Of(sentence)));

    /// <summary>Prints to standard error what ends the command.</summary>
    public void Fail(string sentence) => Complain(new Palette(traits.ColoursErrors).Red(PrintableText.Of(sentence)));

    /// <summary>Prints to standard error where help is found.</summary>
    public void Hint(string sentence) => Complain(sentence);

    private void Complain(string line) => _lines.Add(line, error);
}
