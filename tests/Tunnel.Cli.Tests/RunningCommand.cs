using System.Text;
using System.Threading.Channels;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests;

/// <summary>A run of the command in this process that goes on until it is disposed; its lines are read as they come.</summary>
internal sealed class RunningCommand : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly LineWriter _output = new();
    private readonly LineWriter _errors = new();
    private readonly Task<int> _run;

    private RunningCommand(TerminalTraits traits, string[] args) =>
        _run = TunnelCommand.RunAsync(args, new Terminal(_output, _errors, traits), _stop.Token);

    public static RunningCommand Start(params string[] args) => new(TerminalTraits.Plain, args);

    public static RunningCommand StartOn(TerminalTraits traits, params string[] args) => new(traits, args);

    /// <summary>The next line of standard output.</summary>
    public Task<string> LineAsync() => _output.Lines.ReadAsync(TestContext.Current.CancellationToken).InTime();

    /// <summary>The next line of standard error.</summary>
    public Task<string> ErrorLineAsync() => _errors.Lines.ReadAsync(TestContext.Current.CancellationToken).InTime();

    /// <summary>Ends the run as Ctrl+C does; returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run.InTime();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private sealed class LineWriter : TextWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public override Encoding Encoding => Encoding.UTF8;

        public ChannelReader<string> Lines => _lines.Reader;

        public override void Write(char value) => throw new NotSupportedException("The command prints whole lines.");

        public override void WriteLine(string? value)
        {
            foreach (var line in (value ?? string.Empty).Split(Environment.NewLine))
            {
                _lines.Writer.TryWrite(line);
            }
        }
    }
}
