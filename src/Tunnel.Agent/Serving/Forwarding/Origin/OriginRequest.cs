using System.Globalization;
using Tunnel.Wire;
using Tunnel.Wire.Codec;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>A visitor's request as the target will see it.</summary>
internal sealed class OriginRequest
{
    private readonly List<HeaderLine> _headers;
    private readonly HopByHop _hopByHop;
    private readonly string _target;
    private readonly string _host;

    private OriginRequest(in RequestLine line, List<HeaderLine> headers, string host)
    {
        Line = line;
        _headers = headers;
        _hopByHop = new HopByHop(headers);
        _host = host;
        _target = TargetOf(line);
        ContentLength = LengthOf(headers);
        ExpectsContinue = line.HasBody && headers.Exists(static header => header.Is("Expect"));
        if (!RequestText.IsToken(line.Method) || !RequestText.IsUnbroken(_target) || !RequestText.IsUnbroken(host))
        {
            throw new WireFormatException("A request line holds a character that has no place there (RFC 9112 section 3).");
        }

        if (!line.HasBody && ContentLength > 0)
        {
            throw new WireFormatException("A request without a body says that it has one.");
        }
    }

    public RequestLine Line { get; }

    /// <summary>The body's length, or <see langword="null"/> when only its end will tell.</summary>
    public long? ContentLength { get; }

    /// <summary>Whether the visitor holds the body back until the target asks for it (RFC 9110 section 10.1.1).</summary>
    public bool ExpectsContinue { get; }

    /// <summary>A request with a body does not ask for an upgrade: its body and the stream behind it could not be told apart.</summary>
    public bool WantsUpgrade => Line is { IsUpgrade: true, HasBody: false };

    /// <summary>Whether it may be sent again when a kept connection turns out to be closed (RFC 9110 section 9.2.2).</summary>
    public bool IsRepeatable => !Line.HasBody && Line.Method is "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PUT" or "DELETE";

    public static OriginRequest Read(HeadReader head, ForwardTarget target, HostRule hostRule)
    {
        var line = RequestLine.Read(ref head);
        var headers = new List<HeaderLine>(24);
        while (head.TryHeader(out var name, out var value))
        {
            headers.Add(new HeaderLine(name, value));
        }

        return new OriginRequest(line, headers, hostRule.For(line, target));
    }

    /// <summary>Writes the head; names, values, duplicates and their order stay the visitor's.</summary>
    public void Write(OriginOutput output)
    {
        output.Write(Line.Method);
        output.Write(" "u8);
        output.Write(_target);
        output.Write(" HTTP/1.1\r\n"u8);
        output.WriteHeader("Host", _host);
        foreach (var header in _headers)
        {
            if (WantsUpgrade && header.Is("Upgrade"))
            {
                output.Write("Connection: Upgrade\r\n"u8);
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
        !_hopByHop.Contains(header) && !header.Is("Host") && !header.Is("Content-Length") && (Line.HasBody || !header.Is("Expect"));

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
        else if (Line.Method is "POST" or "PUT" or "PATCH")
        {
            // Where a body is usual its absence is said (RFC 9110 section 8.6); some servers answer 411 otherwise.
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
