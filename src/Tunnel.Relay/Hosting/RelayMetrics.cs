using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tunnel.Relay.Connect;
using Tunnel.Relay.Ingress;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Telemetry;

namespace Tunnel.Relay.Hosting;

/// <summary>
/// The meter <c>Tunnel.Relay</c>. The values belong to the types that they are about; most are read when somebody looks. No tag tells
/// tunnels or visitors apart, so that the number of time series is known (docs/telemetry.md lists all).
/// </summary>
internal sealed class RelayMetrics
{
    public const string MeterName = "Tunnel.Relay";

    private readonly Counter<long> _resumes;
    private readonly Counter<long> _linksLost;
    private readonly Counter<long> _registrations;
    private readonly Counter<long> _failed;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _bytes;

    public RelayMetrics(IMeterFactory meters, MemoryBudget budget, SessionDirectory sessions, ParkingLot parking)
    {
        // The factory owns the meter and ends it with the app.
        var meter = meters.Create(MeterName);
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.sessions", () => CountSessions(sessions), "{session}", "Agents' sessions, with a link or between two.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.tunnels", () => sessions.All.Sum(session => session.Tunnels.Count), "{tunnel}", "Tunnels of all sessions.");
        _registrations = meter.CreateCounter<long>(
            "tunnel.relay.registrations", "{registration}", "Agents' registrations and returns, let in or refused.");
        _linksLost = meter.CreateCounter<long>("tunnel.relay.links.lost", "{link}", "Links that ended while their session was to go on.");
        _resumes = meter.CreateCounter<long>("tunnel.relay.resumes", "{resume}", "Sessions that went on with a next link.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.exchanges", () => sessions.All.Sum(session => session.Wire.OpenExchanges), "{exchange}",
            "Visitors' requests and WebSockets that an agent has.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.requests.parked", () => parking.Count, "{request}", "Visitors' requests that wait for an agent.");
        _duration = meter.CreateHistogram(
            "tunnel.relay.exchange.duration", "s", "From a visitor's request head to the end of the answer, or of the WebSocket.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = HttpTags.Seconds });
        _bytes = meter.CreateCounter<long>(
            "tunnel.relay.exchange.io", "By", "Bytes of bodies and WebSockets, as they travelled between relay and agents; added when an exchange ends.");
        _failed = meter.CreateCounter<long>(
            "tunnel.relay.requests.failed", "{request}", "Visitors' requests that the relay answered with an error of its own, or whose answer it cut.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.memory.reserved", () => budget.Reserved, "By", "Memory that tunnels have promised to senders or keep for sending again.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.memory.limit", () => budget.Limit, "By", "The most memory that tunnels may reserve.");
    }

    /// <summary>Whether <see cref="ExchangeEnded"/> does anything.</summary>
    public bool MeasuresExchanges => _duration.Enabled || _bytes.Enabled;

    public void Resumed() => _resumes.Add(1);

    public void LinkLost() => _linksLost.Add(1);

    /// <param name="error">Why it was refused, or null when it was let in.</param>
    public void Registration(string? error)
    {
        if (error is null)
        {
            _registrations.Add(1);
        }
        else
        {
            _registrations.Add(1, Error(error));
        }
    }

    /// <summary>A visitor got one of <see cref="Errors.RelayError"/>, or less than the whole answer because of it.</summary>
    public void Failed(string error) => _failed.Add(1, Error(error));

    /// <param name="taken">From head to end.</param>
    /// <param name="method">As the visitor wrote it.</param>
    /// <param name="status">0 if there was no answer.</param>
    /// <param name="error">What the relay, not the app, answered or did.</param>
    /// <param name="sent">Bytes to the agent.</param>
    /// <param name="received">Bytes from the agent.</param>
    public void ExchangeEnded(TimeSpan taken, string method, int status, string? error, long sent, long received)
    {
        if (_duration.Enabled)
        {
            var tags = new TagList { { HttpTags.Method, HttpTags.Known(method) } };
            if (status != 0)
            {
                tags.Add(HttpTags.StatusCode, HttpTags.Status(status));
            }

            if (error is not null)
            {
                tags.Add(HttpTags.ErrorType, error);
            }

            _duration.Record(taken.TotalSeconds, tags);
        }

        Add(sent, "transmit");
        Add(received, "receive");
    }

    private void Add(long bytes, string direction)
    {
        if (bytes > 0)
        {
            _bytes.Add(bytes, KeyValuePair.Create<string, object?>(HttpTags.Direction, direction));
        }
    }

    private static KeyValuePair<string, object?> Error(string code) => KeyValuePair.Create<string, object?>(HttpTags.ErrorType, code);

    private static Measurement<int>[] CountSessions(SessionDirectory sessions)
    {
        int linked = 0, unlinked = 0;
        foreach (var session in sessions.All)
        {
            if (session.Wire.IsLinked)
            {
                linked++;
            }
            else
            {
                unlinked++;
            }
        }

        return [new(linked, KeyValuePair.Create<string, object?>("state", "linked")), new(unlinked, KeyValuePair.Create<string, object?>("state", "unlinked"))];
    }
}
