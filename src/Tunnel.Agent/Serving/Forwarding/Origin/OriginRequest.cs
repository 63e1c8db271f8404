using System.Globalization;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Telemetry;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>A visitor's request as the target will see it.</summary>
internal sealed class OriginRequest
{
    private readonly List<HeaderLine> _headers;
    private readonly HopByHop _hopByHop;

    private OriginRequest(in RequestLine line, List<HeaderLine> headers, string host)
    {
        Line = line;
        _headers = headers;
        _hopByHop = new HopByHop(headers);
        Host = host;
        Target = TargetOf(line);
        ContentLength = LengthOf(headers);
        ExpectsContinue = line.HasBody && headers.Exists(static header =>
            header.Is("Expect") && header.Value.Contains("100-continue", StringComparison.OrdinalIgnoreCase));
        if (!Token.Is(line.Method) || !RequestText.IsUnbroken(Target) || !RequestText.IsUnbroken(host))
        {
            throw new WireFormatException("A request line holds a character that has no place there (RFC 9112 section 3).");
        }

        if (!line.HasBody && ContentLength > 0)
        {
            throw new WireFormatException("A request without a body says that it has one.");
        }
    }

    public RequestLine Line { get; }

    /// <summary>Path and query for the target.</summary>
    public string Target { get; }

    public string Host { get; }

    /// <summary>What goes on to the target of the visitor's headers, less what each protocol says in its own way: host and length.</summary>
    public IEnumerable<HeaderLine> Headers => _headers.Where(header => IsPassedOn(header));

    /// <summary>Whether the upgrade is to a WebSocket, and not to anything else.</summary>
    public bool WantsWebSocket =>
        WantsUpgrade && _headers.Exists(static header => header.Is("Upgrade") && header.Value.Equals("websocket", StringComparison.OrdinalIgnoreCase));

    public string? WebSocketKey => _headers.Find(static header => header.Is("Sec-WebSocket-Key")).Value;

    /// <summary>Whether the visitor takes trailers. The relay says so for those who get them.</summary>
    public bool TakesTrailers => IsGrpc || _headers.Exists(static header => header.Is("TE"));

    /// <summary>Whether this is a gRPC call, which no server answers over HTTP/1.1: its result is in the trailers. gRPC-Web is none.</summary>
    public bool IsGrpc => _headers.Exists(static header => header.Is("Content-Type") && GrpcContent.Is(header.Value));

    /// <summary>The body's length, or <see langword="null"/> when only its end will tell.</summary>
    public long? ContentLength { get; }

    /// <summary>Whether the visitor holds the body back until the target asks for it (RFC 9110 section 10.1.1).</summary>
    public bool ExpectsContinue { get; }

    /// <summary>A request with a body does not ask for an upgrade: its body and the stream behind it could not be told apart.</summary>
    public bool WantsUpgrade => Line is { IsUpgrade: true, HasBody: false };

    /// <summary>Whether it may be sent again when a kept connection turns out to be closed (RFC 9110 section 9.2.2).</summary>
    public bool IsRepeatable => !Line.HasBody && Line.Method is "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PUT" or "DELETE";

    public static OriginRequest Read(in RequestLine line, HeadReader lines, ForwardTarget target, HostRule hostRule)
    {
        var headers = new List<HeaderLine>(24);
        while (lines.TryHeader(out var name, out var value))
        {
            headers.Add(new HeaderLine(name, value));
        }

        return new OriginRequest(line, headers, hostRule.For(line, target));
    }

    /// <summary>The visitor's header, its lines joined by commas; null if there is none.</summary>
    public string? Value(string name) => _headers.Exists(header => header.Is(name))
        ? string.Join(',', _headers.Where(header => header.Is(name)).Select(static header => header.Value))
        : null;

    /// <summary>Lets the target see another trace than the one that the request came with.</summary>
    public void Replace(TraceFields trace)
    {
        _headers.RemoveAll(header => trace.Replace(header.Name));
        _headers.AddRange(trace.Lines.Select(static line => new HeaderLine(line.Key, line.Value)));
    }

    /// <summary>Writes the head; names, values, duplicates and their order stay the visitor's.</summary>
    public void Write(OriginOutput output)
    {
        output.Write(Line.Method);
        output.Write(" "u8);
        output.Write(Target);
        output.Write(" HTTP/1.1\r\n"u8);
        output.WriteHeader("Host", Host);
        foreach (var header in _headers)
        {
            if (WantsUpgrade && header.Is("Upgrade"))
            {
                output.Write("Connection: Upgrade\r\n"u8);
                output.WriteHeader(header.Name, header.Value);
            }
            else if (header.Is("TE"))
            {
                // The relay sends it for visitors that get trailers; it is about this connection now (RFC 9110 section 10.1.4).
                output.Write("Connection: TE\r\n"u8);
                output.WriteHeader(header.Name, header.Value);
            }
            else if (IsPassedOn(header))
            {
                output.WriteHeader(header.Name, header.Value);
            }
        }

        WriteFraming(output);
        output.Write("\r\n"u8);
    }

    private bool IsPassedOn(in HeaderLine header) =>
        !_hopByHop.Contains(header) && !header.Is("Host") && !header.Is("Content-Length");

    private void WriteFraming(OriginOutput output)
    {
        if (ContentLength is { } length)
        {
            output.WriteHeader("Content-Length", length.ToString(CultureInfo.InvariantCulture));
        }
        else if (Line.HasBody)
        {
            output.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (Line.Method is "POST" or "PUT" or "PATCH" && !Line.Protocol.StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            // Where a body is usual HTTP/1.1 says its absence (RFC 9110 section 8.6), and some servers answer 411 otherwise. A visitor of
            // HTTP/2 has said it by the end of the stream; one of HTTP/1.1 who said nothing gets the answer to that.
            output.Write("Content-Length: 0\r\n"u8);
        }
    }

    /// <summary>The visitor's target without the tunnel's prefix, otherwise byte for byte. It is never resolved against anything.</summary>
    private static string TargetOf(in RequestLine line)
    {
        var rest = line.Target[line.PrefixLength..];
        return rest.StartsWith('/') ? rest : "/" + rest;
    }

    private static long? LengthOf(List<HeaderLine> headers)
    {
        long? length = null;
        foreach (var header in headers)
        {
            if (header.Is("Content-Length"))
            {
                length = long.TryParse(header.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && (length ?? value) == value
                    ? value
                    : throw new WireFormatException("A request has an unusable Content-Length.");
            }
        }

        return length;
    }
}
