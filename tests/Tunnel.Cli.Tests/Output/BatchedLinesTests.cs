using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests.Output;

public sealed class BatchedLinesTests
{
    [Fact]
    public async Task TerminalThatTakesNothingHoldsUpNobodyElse()
    {
        using var stopped = new StoppedWriter();
        var errors = new StringWriter();
        var lines = new BatchedLines(stopped, new FixedTime());
        await Task.Run(() => lines.Add("first", stopped), TestContext.Current.CancellationToken).InTime();
        await stopped.Stalled.InTime();

        await Task.Run(() => AddMany(lines, stopped, 3_000), TestContext.Current.CancellationToken).InTime();
        lines.Add(new string('y', 1_000), errors);
        stopped.Continue();
        lines.Complete();
        await lines.WhenPrinted.InTime();

        Assert.Equal(3, stopped.Calls.Count); // what waited was gathered into one
        var printed = stopped.Calls[1].Split(Environment.NewLine);
        Assert.InRange(printed.Length, 1_000, 1_100); // and has a bound, 1 MiB
        Assert.Equal($"({3_000 + 1 - printed.Length} lines are left out, because nothing took those before them.)", stopped.Calls[2]);
        Assert.Empty(errors.ToString());
    }

    [Fact]
    public async Task LinesForBothWritersStayInOrder()
    {
        using var both = new CallWriter();
        using var errors = new CallWriter(both.Calls);
        var lines = new BatchedLines(both, new FixedTime());
        lines.Add("1", both);
        lines.Add("2", both);
        lines.Add("3", errors);
        lines.Add("4", both);
        lines.Add("5", both);
        lines.Add("6", both);
        lines.Complete();
        await lines.WhenPrinted.InTime();

        Assert.Equal("1 2 3 4 5 6", string.Join(' ', both.Calls.SelectMany(call => call.Split(Environment.NewLine))));
    }

    private static void AddMany(BatchedLines lines, TextWriter stopped, int count)
    {
        var line = new string('x', 1_000);
        for (var i = 0; i < count; i++)
        {
            lines.Add(line, stopped);
        }
    }
}
