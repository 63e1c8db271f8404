using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving;

/// <summary>An exchange on its way through a server, with what is reported about it afterwards.</summary>
internal sealed class ServedExchange(Exchange exchange, ReceivedHead head)
{
    private ReceivedHead _head = head;

    /// <summary>Owned by the dispatcher, which disposes it after the server has returned.</summary>
    public Exchange Exchange { get; } = exchange;

    /// <summary>The request, set by the server when it has read the head.</summary>
    public RequestLine Line { get; set; }

    /// <summary>The final response's status code, or 0 while there is none.</summary>
    public int StatusCode { get; set; }

    public long ResponseBytes { get; set; }

    public TunnelRequestOutcome Outcome { get; set; } = TunnelRequestOutcome.Completed;

    /// <summary>The request's head, once. Whoever takes it disposes it.</summary>
    public ReceivedHead TakeHead()
    {
        var head = _head;
        _head = default;
        return head;
    }
}
