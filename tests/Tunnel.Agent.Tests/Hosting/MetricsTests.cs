using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Agent.Tests.Relays;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Agent.Tests.Hosting;

public sealed class MetricsTests
{
    [Fact]
    public async Task Reconnects_AreCountedByReason_AndMemoryIsShown()
    {
        using var relay = new ScriptedRelay();
        await using var agent = await AgentApp.StartAsync(relay, configure: options => options.MemoryLimit = 8 << 20);
        using var listener = new Listener(agent.App.Services.GetRequiredService<IMeterFactory>());
        var session = await relay.OpenAsync();
        await session.BreakAsync();
        var link = await relay.AcceptAsync();
        await link.ResumeAsync();
        await link.SendAsync(new ErrorMessage(RegistrationErrorCodes.SessionUnknown, "Unknown."));
        var next = await relay.OpenAsync();
        await next.Session.CloseAsync().InTime();
        var last = await relay.AcceptAsync();
        var register = await last.RegisterAsync();
        await last.SendAsync(last.Registered(register, "session", Nonce.Create(), graceSeconds: 15, "demo"));

        listener.Read();

        Assert.Equal(["link_lost", "session_unknown", "session_closed"], listener.Reasons);
        Assert.Equal(("By", 8 << 20), listener.Values["tunnel.agent.memory.limit"]);
        Assert.Equal("By", listener.Values["tunnel.agent.memory.reserved"].Unit);
    }

    private sealed class Listener : IDisposable
    {
        private readonly MeterListener _listener = new();

        public Listener(IMeterFactory factory)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Tunnel.Agent" && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                Values[instrument.Name] = (instrument.Unit, value);
                if (instrument.Name == "tunnel.agent.reconnects")
                {
                    Reasons.Enqueue((string)tags[0].Value!);
                }
            });
            _listener.Start();
        }

        public ConcurrentDictionary<string, (string? Unit, long Value)> Values { get; } = new();

        public ConcurrentQueue<string> Reasons { get; } = new();

        public void Read() => _listener.RecordObservableInstruments();

        public void Dispose() => _listener.Dispose();
    }
}
