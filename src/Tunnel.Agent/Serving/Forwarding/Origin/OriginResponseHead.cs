using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.WebUtilities;
using Tunnel.Wire.Codec;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>A response's status line and header lines as the target sent them, over either protocol.</summary>
internal sealed class OriginResponseHead
{
    public OriginResponseHead(int statusCode, string reasonPhrase, bool isHttp11, List<HeaderLine> headers)
    {
        StatusCode = statusCode;
        ReasonPhrase = reasonPhrase;
        Headers = headers;
        HopByHop = new HopByHop(headers);
        HasTransferEncoding = headers.Exists(static header => header.Is("Transfer-Encoding"));
        KeepsAlive = isHttp11 && !HopByHop.Nominates("close");
    }

    public int StatusCode { get; }

    /// <summary>Empty for the standard phrase.</summary>
    public string ReasonPhrase { get; }

    public List<HeaderLine> Headers { get; }

    public HopByHop HopByHop { get; }

    /// <summary>Makes a Content-Length beside it meaningless (RFC 9112 section 6.3).</summary>
    public bool HasTransferEncoding { get; }

    /// <summary>Whether the connection can carry another request after this response (RFC 9112 section 9.3; HTTP/1.0 is not kept).</summary>
    public bool KeepsAlive { get; }

    /// <summary>A header's first value, or null.</summary>
    public string? Value(string name)
    {
        foreach (var header in Headers)
        {
            if (header.Is(name))
            {
                return header.Value;
            }
        }

        return null;
    }

    public bool IsInformational => StatusCode is < 200 and not 101;

    /// <summary>Takes a head from the front of <paramref name="rest"/> if the whole of it is there.</summary>
    /// <exception cref="OriginProtocolException">What is there is no response head.</exception>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, [NotNullWhen(true)] out OriginResponseHead? head)
    {
        head = null;
        var lines = rest;
        if (!HeaderSection.TryReadLine(ref lines, out var line))
        {
            return false;
        }

        // HTTP-version SP status-code SP [ reason-phrase ]; the second space is often left out (RFC 9112 section 4).
        if (!line.StartsWith("HTTP/1."u8) || line.Length < 12 || line[8] != ' ' || line.Length > 12 && line[12] != ' '
            || !Utf8Parser.TryParse(line[9..12], out uint status, out var digits) || digits != 3 || status < 100)
        {
            throw new OriginProtocolException("The target's answer is not HTTP/1.1.");
        }

        var isHttp11 = line[7] != '0';
        var phrase = line.Length > 13 ? Phrase((int)status, line[13..]) : string.Empty;
        var headers = new List<HeaderLine>(16);
        if (!HeaderSection.TryRead(ref lines, headers))
        {
            return false;
        }

        head = new OriginResponseHead((int)status, phrase, isHttp11, headers);
        rest = lines;
        return true;
    }

    private static string Phrase(int status, ReadOnlySpan<byte> bytes) =>
        CachedText.Latin1(bytes) is var text && (!ResponseLine.IsPhrase(text) || text == ReasonPhrases.GetReasonPhrase(status))
            ? string.Empty
            : text;
}
