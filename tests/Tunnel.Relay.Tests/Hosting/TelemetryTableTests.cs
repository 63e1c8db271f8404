using System.Diagnostics.Metrics;
using Tunnel.Relay.Diagnostics;
using Tunnel.Relay.Hosting;
using Tunnel.Relay.Tests.Fixtures;

namespace Tunnel.Relay.Tests.Hosting;

public sealed class TelemetryTableTests
{
    [Fact]
    public async Task Document_lists_every_instrument_with_its_unit_and_meaning()
    {
        await using var relay = await TestRelay.StartAsync();
        var instruments = new List<(string, string?, string?)>();
        using var listener = new MeterListener();
        var factory = relay.Get<IMeterFactory>();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter is { Name: RelayMetrics.MeterName } meter && meter.Scope == factory)
            {
                instruments.Add(($"`{instrument.Name}`", $"`{instrument.Unit}`", instrument.Description));
            }
        };
        listener.Start();

        Assert.Equal(
            Rows("## Meters").Where(cells => cells[0].StartsWith("`tunnel.relay.", StringComparison.Ordinal)).Select(cells => (cells[0], (string?)cells[1], (string?)cells[3])).Order(),
            instruments.Order());
    }

    [Fact]
    public void Document_lists_every_activity() => Assert.Equal(
        [$"`{VisitorWatcher.ExchangeName}`"],
        Rows("## Traces").Select(cells => cells[0]).Where(name => name.StartsWith($"`{VisitorWatcher.SourceName}.", StringComparison.Ordinal)));

    [Fact]
    public void Document_lists_every_log_event_with_its_name_and_level()
    {
        var events = LogEvents.Of(typeof(TunnelRelayOptions).Assembly)
            .Select(message => ($"{message.EventId}", $"`{message.EventName}`", $"{message.Level}"));

        Assert.Equal(Rows("## Log events").Where(cells => cells[0] == "Relay").Select(cells => (cells[1], cells[2], cells[3])), events);
    }

    private static IEnumerable<string[]> Rows(string heading) => DocumentTable.Rows("docs/telemetry.md", heading);
}
