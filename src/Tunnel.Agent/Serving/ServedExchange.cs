using Tunnel.Agent.Serving.Compression;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving;

/// <summary>An exchange on its way through a server, with what is reported about it afterwards.</summary>
internal sealed class ServedExchange(Exchange exchange, RequestLine line, ReceivedHead headers)
{
    private ReceivedHead _headers = headers;

    /// <summary>Owned by the dispatcher, which disposes it after the server has returned.</summary>
    public Exchange Exchange { get; } = exchange;

    public RequestLine Line { get; } = line;

    /// <summary>When the request's head arrived, as a timestamp of the dispatcher's clock.</summary>
    public long Started { get; init; }

    /// <summary>Told once when the exchange has become a stream of bytes both ways.</summary>
    public Action<ServedExchange>? OnUpgraded { get; init; }

    /// <summary>The final response's status code, or 0 while there is none.</summary>
    public int StatusCode { get; set; }

    public long ResponseBytes { get; set; }

    /// <summary>Compresses the response's body; null where it travels as it is. The dispatcher disposes it.</summary>
    public BodyCompression? Compression { get; set; }

    public TunnelRequestOutcome Outcome { get; set; } = TunnelRequestOutcome.Completed;

    /// <summary>Called after the head with status 101 has been sent.</summary>
    public void Upgraded()
    {
        StatusCode = 101;
        OnUpgraded?.Invoke(this);
    }

    /// <summary>The header lines of the request's head, once. Whoever takes them disposes them.</summary>
    public ReceivedHead TakeHeaders()
    {
        var headers = _headers;
        _headers = default;
        return headers;
    }
}
