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

    /// <summary>The final response's status code, or 0 while there is none.</summary>
    public int StatusCode { get; set; }

    public long ResponseBytes { get; set; }

    /// <summary>Compresses the response's body; null where it travels as it is. The dispatcher disposes it.</summary>
    public BodyCompression? Compression { get; set; }

    public TunnelRequestOutcome Outcome { get; set; } = TunnelRequestOutcome.Completed;

    /// <summary>The header lines of the request's head, once. Whoever takes them disposes them.</summary>
    public ReceivedHead TakeHeaders()
    {
        var headers = _headers;
        _headers = default;
        return headers;
    }
}
