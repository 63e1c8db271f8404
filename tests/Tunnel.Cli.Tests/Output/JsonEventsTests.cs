using System.Text.Json;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests.Output;

public sealed class JsonEventsTests
{
    [Fact]
    public async Task ScriptThatReadsNothingHoldsUpNobodyAndIsToldWhatItMissed()
    {
        using var stopped = new StoppedWriter();
        var terminal = new Terminal(stopped, TextWriter.Null, TerminalTraits.Plain, new FixedTime());
        var events = new JsonEvents(terminal, new FixedTime());
        events.State("connecting");
        await stopped.Stalled.InTime();

        await Task.Run(
            () =>
            {
                for (var i = 0; i < 20_000; i++)
                {
                    events.State("waiting");
                }
            },
            TestContext.Current.CancellationToken).InTime();
        stopped.Continue();
        await terminal.CloseAsync().InTime();

        var lines = stopped.Calls.SelectMany(call => call.Split(Environment.NewLine)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal("omitted", lines[^1].GetProperty("event").GetString());
        Assert.Equal(20_000 + 1, lines.Count - 1 + lines[^1].GetProperty("count").GetInt32());
    }
}
