using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tunnel.Agent.Hosting;
using Tunnel.Agent.Serving;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Session;
using Tunnel.Wire.Telemetry;

namespace Tunnel.Agent.Diagnostics;

/// <summary>The agent's instruments, in the meter <c>Tunnel.Agent</c> (docs/telemetry.md lists all). Most are read when somebody looks.</summary>
internal sealed class AgentMetrics
{
    public const string MeterName = "Tunnel.Agent";

    private readonly Lock _gate = new(); // guards _sessions
    private readonly List<TunnelSession> _sessions = []; // the current one's last; one or two, while one takes another's place
    private readonly Counter<long> _reconnects;
    private readonly Counter<long> _failures;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _bytes;

    public AgentMetrics(IMeterFactory meters, MemoryBudget memory, AgentStatus status)
    {
        var meter = meters.Create(MeterName); // the factory owns it
        meter.CreateObservableUpDownCounter(
            "tunnel.agent.state", () => States(status.State), "{agent}", "1 for the state that the agent is in, 0 for every other.");
        _failures = meter.CreateCounter<long>(
            "tunnel.agent.connect.failures", "{attempt}", "Attempts to reach the relay, or to register with it, that failed.");
        _reconnects = meter.CreateCounter<long>(
            "tunnel.agent.reconnects", "{reconnect}", "Times that a link or session ended and the agent set out for the next.");
        meter.CreateObservableGauge(
            "tunnel.agent.link.round_trip", RoundTrip, "s", "The shortest round trip to the relay that a ping has shown on the link.");
        meter.CreateObservableUpDownCounter(
            "tunnel.agent.exchanges", () => Sessions().Sum(session => session.OpenExchanges), "{exchange}", "Visitors' requests and WebSockets that are open.");
        _duration = meter.CreateHistogram(
            "tunnel.agent.exchange.duration", "s", "From the arrival of a request's head to the end of the exchange, or of the WebSocket.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = HttpTags.Seconds });
        _bytes = meter.CreateCounter<long>(
            "tunnel.agent.exchange.io", "By", "Bytes of bodies and WebSockets, as they travelled between agent and relay; added when an exchange ends.");
        meter.CreateObservableUpDownCounter(
            "tunnel.agent.memory.reserved", () => memory.Reserved, "By", "Memory promised to relays, or kept for sending again.");
        meter.CreateObservableUpDownCounter(
            "tunnel.agent.memory.limit", () => memory.Limit, "By", "The most that may be reserved.");
    }

    public void Opened(TunnelSession session)
    {
        lock (_gate)
        {
            _sessions.Add(session);
        }
    }

    public void Closed(TunnelSession session)
    {
        lock (_gate)
        {
            _sessions.Remove(session);
        }
    }

    public void Reconnecting(ReconnectReason reason) =>
        _reconnects.Add(1, new KeyValuePair<string, object?>("reason", reason switch
        {
            ReconnectReason.LinkLost => "link_lost",
            ReconnectReason.SessionClosed => "session_closed",
            ReconnectReason.SessionUnknown => "session_unknown",
            ReconnectReason.GraceOver => "grace_over",
            _ => "relay_leaving",
        }));

    public void ConnectFailed(TunnelFailureReason reason) =>
        _failures.Add(1, new KeyValuePair<string, object?>(HttpTags.ErrorType, reason switch
        {
            TunnelFailureReason.Unreachable => "unreachable",
            TunnelFailureReason.NotARelay => "not_a_relay",
            TunnelFailureReason.KeyRefused => "key_refused",
            TunnelFailureReason.SlugTaken => "slug_taken",
            TunnelFailureReason.SlugRefused => "slug_refused",
            TunnelFailureReason.Overloaded => "overloaded",
            TunnelFailureReason.LinkLost => "link_lost",
            TunnelFailureReason.RelayKeyMismatch => "relay_key_mismatch",
            TunnelFailureReason.DuplicateInstance => "duplicate_instance",
            _ => "_OTHER",
        }));

    public void ExchangeEnded(ServedExchange served, TimeSpan taken)
    {
        if (_duration.Enabled)
        {
            var tags = new TagList { { HttpTags.Method, HttpTags.Known(served.Line.Method) } };
            if (served.StatusCode != 0)
            {
                tags.Add(HttpTags.StatusCode, HttpTags.Status(served.StatusCode));
            }

            if (ServedError.Of(served) is { } error)
            {
                tags.Add(HttpTags.ErrorType, error);
            }

            _duration.Record(taken.TotalSeconds, tags);
        }

        if (_bytes.Enabled)
        {
            var (sent, received) = served.Exchange.Carried;
            Add(sent, "transmit");
            Add(received, "receive");
        }
    }

    private void Add(long bytes, string direction)
    {
        if (bytes > 0)
        {
            _bytes.Add(bytes, KeyValuePair.Create<string, object?>(HttpTags.Direction, direction));
        }
    }

    private TunnelSession[] Sessions()
    {
        lock (_gate)
        {
            return [.. _sessions];
        }
    }

    private IEnumerable<Measurement<double>> RoundTrip() =>
        Sessions() is [.., { IsLinked: true, MeasuredRoundTrip: { } measured }] ? [new(measured.TotalSeconds)] : [];

    private static IEnumerable<Measurement<int>> States(TunnelAgentState now) => Enum.GetValues<TunnelAgentState>()
        .Select(state => new Measurement<int>(state == now ? 1 : 0, KeyValuePair.Create<string, object?>("state", NameOf(state))));

    private static string NameOf(TunnelAgentState state) => state switch
    {
        TunnelAgentState.NotStarted => "not_started",
        TunnelAgentState.Connecting => "connecting",
        TunnelAgentState.Connected => "connected",
        TunnelAgentState.Reconnecting => "reconnecting",
        TunnelAgentState.Draining => "draining",
        _ => "stopped",
    };
}
