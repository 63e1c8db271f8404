using System.Collections.Frozen;
using System.Text;

namespace Tunnel.Wire.Codec;

/// <summary>
/// Header names that travel as one byte. The table is fixed for the protocol version; a name's position is its number on the wire, so
/// names are only ever added at the end.
/// </summary>
internal static class HeaderNames
{
    private static readonly string[] Names =
    [
        "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Accept-Ranges", "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Access-Control-Request-Headers",
        "Access-Control-Request-Method", "Age", "Allow", "Alt-Svc", "Authorization", "baggage", "Cache-Control", "Connection",
        "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Range",
        "Content-Security-Policy", "Content-Type", "Cookie", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Date",
        "DNT", "ETag", "Expect", "Expires", "Forwarded", "From", "grpc-accept-encoding", "grpc-encoding", "grpc-message", "grpc-status",
        "grpc-timeout", "Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive",
        "Last-Event-ID", "Last-Modified", "Link", "Location", "Origin", "Permissions-Policy", "Pragma", "Priority",
        "Proxy-Authenticate", "Proxy-Authorization", "Range", "Referer", "Referrer-Policy", "Retry-After", "Sec-CH-UA",
        "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User",
        "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Version",
        "Server", "Server-Timing", "Set-Cookie", "Strict-Transport-Security", "TE", "traceparent", "tracestate", "Trailer",
        "Transfer-Encoding", "Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "Vary", "Via", "WWW-Authenticate",
        "X-Content-Type-Options", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto",
        "X-Frame-Options", "X-Powered-By", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-ID",
        "X-Requested-With", "X-Robots-Tag", "X-XSRF-TOKEN", "X-XSS-Protection",
    ];

    private static readonly FrozenDictionary<string, byte> Numbers = Names
        .Select((name, index) => KeyValuePair.Create(name, (byte)(index + 1)))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The names in the order of their numbers, which start at 1.</summary>
    public static ReadOnlySpan<string> All => Names;

    /// <summary>The number of a name, or 0 for one that is not in the table.</summary>
    public static byte NumberOf(string name) => Numbers.GetValueOrDefault(name);

    public static string NameOf(byte number) =>
        number != 0 && number <= Names.Length ? Names[number - 1] : throw new WireFormatException("A header has an unknown number.");

    /// <summary>A name that came as bytes. Names outside ASCII, or with characters that are not a token's (RFC 9110 section 5.6.2), are refused.</summary>
    public static string Parse(ReadOnlySpan<byte> bytes) =>
        Token.Is(bytes) ? CachedText.Get(bytes) : throw new WireFormatException("A header's name is not a token.");
}
