using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Relay.Hosting;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Relay.Tests.Storage;

namespace Tunnel.Relay.Tests.Hosting;

public sealed class RelayMetricsTests
{
    [Fact]
    public async Task Sessions_memory_and_resumes_can_be_measured()
    {
        await using var relay = await TestRelay.StartAsync(("MemoryLimit", "123456789"));
        var values = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener();
        var factory = relay.Get<IMeterFactory>();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter is { Name: RelayMetrics.MeterName } meter && meter.Scope == factory)
            {
                own.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => values[Name(instrument, tags)] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => values[Name(instrument, tags)] = value);
        listener.Start();
        var (one, two) = (relay.Agent(), relay.Agent());
        await one.LoseAsync(await one.OpenAsync("one"));
        await one.ReturnAsync();
        await two.LoseAsync(await two.OpenAsync("two"));

        listener.RecordObservableInstruments();

        Assert.Equal(1, values["tunnel.relay.sessions linked"]);
        Assert.Equal(1, values["tunnel.relay.sessions unlinked"]);
        Assert.Equal(1, values["tunnel.relay.resumes"]);
        Assert.Equal(123456789, values["tunnel.relay.memory.limit"]);
        Assert.True(values["tunnel.relay.memory.reserved"] >= 0);
        Assert.Equal(0, values["tunnel.relay.requests.parked"]);
    }

    [Fact]
    public async Task A_relay_with_services_of_its_own_measures_with_the_apps_meters()
    {
        using var folder = new TemporaryFolder();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = folder.Path });
        builder.Configuration["Tunnel:Relay:DataDirectory"] = folder.File("own");
        await using var app = builder.Build();
        var factory = app.Services.GetRequiredService<IMeterFactory>();
        var seen = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == RelayMetrics.MeterName && instrument.Meter.Scope == factory)
            {
                seen.Add(instrument.Name);
            }
        };
        listener.Start();

        app.UseTunnelRelay();

        Assert.Contains("tunnel.relay.sessions", seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Measuring_an_exchange_allocates_nothing(bool isListenedTo)
    {
        await using var relay = await TestRelay.StartAsync();
        var (factory, metrics) = (relay.Get<IMeterFactory>(), relay.Get<RelayMetrics>());
        var measured = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (isListenedTo && instrument.Meter.Scope == factory)
            {
                own.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => measured++);
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => measured++);
        listener.Start();
        Measure();
        measured = 0;

        var before = GC.GetAllocatedBytesForCurrentThread();
        Measure();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(isListenedTo ? 3 * 1000 : 0, measured);

        void Measure()
        {
            for (var i = 0; i < 1000; i++)
            {
                metrics.ExchangeEnded(TimeSpan.FromMilliseconds(i), "GET", 502, "agent_failed", sent: 5, received: 7);
            }
        }
    }

    private static string Name(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}";
}
