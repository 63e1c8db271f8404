using System.Diagnostics.Tracing;

namespace Tunnel.BenchPeers.Fleet;

/// <summary>Counts what the agents' dials come to, as the HTTP stack sees it: one request is one attempt to get a link.</summary>
internal sealed class DialCounts : EventListener
{
    private long _attempts;
    private long _unanswered;
    private long _refused;

    /// <summary>Requests that were sent, or tried to be.</summary>
    public long Attempts => Interlocked.Read(ref _attempts);

    /// <summary>Those that got no answer: nobody listened, or the connection broke.</summary>
    public long Unanswered => Interlocked.Read(ref _unanswered);

    /// <summary>Those that were answered with anything but an upgrade.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "System.Net.Http")
        {
            EnableEvents(eventSource, EventLevel.Informational);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        switch (eventData.EventName)
        {
            case "RequestStart":
                Interlocked.Increment(ref _attempts);
                break;
            case "RequestFailed":
                Interlocked.Increment(ref _unanswered);
                break;
            case "ResponseHeadersStop" when eventData.Payload is [int status, ..] && status != StatusCodes.Status101SwitchingProtocols:
                Interlocked.Increment(ref _refused);
                break;
        }
    }
}
