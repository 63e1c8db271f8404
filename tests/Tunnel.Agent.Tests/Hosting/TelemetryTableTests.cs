using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Tests.Relays;

namespace Tunnel.Agent.Tests.Hosting;

public sealed class TelemetryTableTests
{
    [Fact]
    public async Task Document_ListsEveryInstrument_WithItsUnitAndMeaning()
    {
        using var relay = new ScriptedRelay();
        await using var agent = await AgentApp.StartAsync(relay);
        var instruments = new List<(string, string?, string?)>();
        using var listener = new MeterListener();
        var factory = agent.App.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter is { Name: AgentMetrics.MeterName } meter && meter.Scope == factory)
            {
                instruments.Add(($"`{instrument.Name}`", $"`{instrument.Unit}`", instrument.Description));
            }
        };
        listener.Start();

        Assert.Equal(
            Rows("## Meters").Where(cells => cells[0].StartsWith("`tunnel.agent.", StringComparison.Ordinal)).Select(cells => (cells[0], (string?)cells[1], (string?)cells[3])).Order(),
            instruments.Order());
    }

    [Fact]
    public void Document_ListsEveryActivity() => Assert.Equal(
        [$"`{AgentTraces.ExchangeName}`", $"`{AgentTraces.ForwardName}`"],
        Rows("## Traces").Select(cells => cells[0]).Where(name => name.StartsWith($"`{AgentTraces.SourceName}.", StringComparison.Ordinal)));

    [Fact]
    public void Document_ListsEveryLogEvent_WithItsNameAndLevel()
    {
        var events = Events().Select(message => ($"{message.EventId}", $"`{message.EventName}`", $"{message.Level}"));

        Assert.Equal(Rows("## Log events").Where(cells => cells[0] == "Agent").Select(cells => (cells[1], cells[2], cells[3])), events);
    }

    [Fact]
    public void LogEvents_HaveIdsOfTheirOwn()
    {
        var ids = Events().Select(message => message.EventId).ToList();

        Assert.NotEmpty(ids);
        Assert.Equal(ids.Distinct(), ids);
    }

    private static IEnumerable<LoggerMessageAttribute> Events() => LogEvents.Of(typeof(TunnelAgentOptions).Assembly);

    private static IEnumerable<string[]> Rows(string heading) => DocumentTable.Rows("docs/telemetry.md", heading);
}
