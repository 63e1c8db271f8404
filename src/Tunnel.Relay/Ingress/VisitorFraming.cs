using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Refuses requests whose framing two servers could read in two ways (RFC 9112 section 6.3): a length beside a transfer coding, and any
/// coding but exactly <c>chunked</c>.
/// </summary>
internal static class VisitorFraming
{
    /// <summary>Where Kestrel puts the Content-Length that it ignores beside a transfer coding.</summary>
    private const string IgnoredLength = "X-Content-Length";

    public static bool IsUnambiguous(HttpRequest request)
    {
        var coding = request.Headers.TransferEncoding;
        return coding.Count == 0
            || coding.Count == 1
            && string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase)
            && request.ContentLength is null
            && !request.Headers.ContainsKey(IgnoredLength);
    }
}
