using System.Text;
using System.Threading.Channels;

namespace Tunnel.Cli.Output;

/// <summary>
/// Prints lines in the order in which they came, on a thread of its own: a terminal that has been stopped (Ctrl+S, a selection with the
/// mouse) must not stop the tunnel. After a pause a line is printed at once; those that follow within a moment are printed together: a call
/// of the system for each of them would cost as much as a fifth of the request that it tells of.
/// </summary>
internal sealed class BatchedLines
{
    /// <summary>Shorter than a person notices.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);

    /// <summary>Chars that wait while nothing is taken; lines on top are counted and left out.</summary>
    private const int MaxWaiting = 1024 * 1024;

    private readonly TextWriter _output;
    private readonly TimeProvider _time;
    private readonly Channel<(TextWriter To, string Line)> _waiting = Channel.CreateUnbounded<(TextWriter, string)>();
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _chars; // of all lines that wait
    private int _leftOut;

    /// <param name="output">Where it says how many lines were left out.</param>
    /// <param name="time">For the moment.</param>
    public BatchedLines(TextWriter output, TimeProvider time)
    {
        (_output, _time) = (output, time);
        WhenPrinted = Task.Run(PrintAsync);
    }

    /// <summary>What stands in for lines that were left out, by their count.</summary>
    public Func<int, string> Omission { private get; set; } =
        static count => $"({count} lines are left out, because nothing took those before them.)";

    /// <summary>Completes when everything was printed, after <see cref="Complete"/>.</summary>
    public Task WhenPrinted { get; }

    public void Add(string line, TextWriter to)
    {
        if (Interlocked.Add(ref _chars, line.Length) <= MaxWaiting)
        {
            _waiting.Writer.TryWrite((to, line));
            return;
        }

        Interlocked.Add(ref _chars, -line.Length);
        Interlocked.Increment(ref _leftOut);
    }

    /// <summary>Nothing more comes: what waits is printed at once.</summary>
    public void Complete()
    {
        _waiting.Writer.TryComplete();
        _completed.TrySetResult();
    }

    private async Task PrintAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync())
        {
            try
            {
                PrintWaiting();
            }
            catch (IOException)
            {
                // A full disk, or a terminal that has gone: what nobody can have is no reason to end the tunnel.
            }

            await Task.WhenAny(_completed.Task, Task.Delay(Gathering, _time));
        }
    }

    private void PrintWaiting()
    {
        var leftOut = Interlocked.Exchange(ref _leftOut, 0); // behind what waits now
        var lines = new StringBuilder();
        TextWriter? current = null;
        for (var left = _waiting.Reader.Count; left > 0 && _waiting.Reader.TryRead(out var next); left--)
        {
            if (next.To != current)
            {
                Print(current, lines);
                current = next.To;
            }

            Interlocked.Add(ref _chars, -next.Line.Length);
            lines.Append(lines.Length > 0 ? Environment.NewLine : string.Empty).Append(next.Line);
        }

        Print(current, lines);
        if (leftOut > 0)
        {
            _output.WriteLine(Omission(leftOut));
        }
    }

    private static void Print(TextWriter? to, StringBuilder lines)
    {
        to?.WriteLine(lines.ToString());
        lines.Clear();
    }
}
