using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Refuses requests whose framing two servers could read in two ways (RFC 9112 section 6.3): a length beside a transfer coding, any
/// coding but exactly <c>chunked</c>, and any at all in HTTP/1.0 (section 6.1).
/// </summary>
internal static class VisitorFraming
{
    /// <summary>Where Kestrel puts the Content-Length that it ignores beside a transfer coding. Without one the header is a visitor's own.</summary>
    private const string IgnoredLength = "X-Content-Length";

    public static bool IsUnambiguous(HttpRequest request)
    {
        var coding = request.Headers.TransferEncoding;
        return coding.Count == 0
            || coding.Count == 1
            && string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase)
            && !HttpProtocol.IsHttp10(request.Protocol)
            && request.ContentLength is null
            && !request.Headers.ContainsKey(IgnoredLength);
    }
}
