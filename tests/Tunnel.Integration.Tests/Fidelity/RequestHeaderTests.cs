using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Request headers reach the app as the visitor wrote them.</summary>
public sealed class RequestHeaderTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    /// <summary>Kestrel's limit, less what the relay adds: a forwarding target counts those too.</summary>
    private const int MostHeaders = 100 - 7;

    private static readonly string[][] Cases =
    [
        ["X-A: 1", "X-B: 2", "x-a: 3", "X-A: 2", "X-a: 1"],
        ["X-A: b, c", "X-A: a", "X-A:", "X-A: , ,"],
        ["X-Empty:", "X-Space:  ", "X-Tab:\t", "X-Inner: a  b\tc", "X-Padded: \t v \t"],
        ["Accept: text/*;q=0.3, */*", "Accept-Encoding: gzip, br;q=0.5", "Accept-Language: de-DE, *;q=0.1", "Accept-Charset: utf-8", "Accept: a/b"],
        ["Authorization: Bearer a.b.c=="], ["Authorization: Basic dXNlcjpwYXNz", "Authorization: Negotiate abc"],
        ["Cookie: a=1; b=\"2\"; c="], ["Cookie: a=1", "Cookie: b=2; a=3", "Cookie: a=1"], ["Cookie: "],
        ["User-Agent: curl/8 (a; b)", "Referer: http://other.test/?q", "Origin: null", "DNT: 1", "Priority: u=1, i"],
        ["Via: 1.1 proxy", "Via: 1.0 other (comment)", "Max-Forwards: 3", "From: a@b.c", "Warning: 199 - \"x\"", "Pragma: no-cache", "Cache-Control: no-store"],
        ["If-Match: \"a\"", "If-None-Match: W/\"b\", *", "If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT", "If-Range: \"a\"", "Range: bytes=0-1,-5"],
        ["Sec-Fetch-Mode: navigate", "Sec-CH-UA: \"x\";v=\"1\"", "Upgrade-Insecure-Requests: 1", "Purpose: prefetch", "X-Requested-With: XMLHttpRequest"],
        ["traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=b", "baggage: c=d", "Request-Id: |1.2."],
        ["X_Underscore: kept", "X.Dot: 1", "!#$%&'*+-.^_`|~: token", "1: one", "X-Content-Length: 5", "Content_Length: 7", "Transfer_Encoding: x"],
        ["Content-Type: text/plain; charset=\"utf-8\"", "Content-Encoding: gzip", "Content-Language: de", "Content-MD5: x", "Content-Disposition: inline"],
        ["X-HTTP-Method-Override: DELETE", "X-Forwarded: for=1", "X-Original-URL: /admin", "X-Rewrite-URL: /admin", "CDN-Loop: other"],
        ["X-Long: " + new string('v', 16 * 1024)],
        ["Connection: X-Private ,x-also", "X-Other: 1"],
        ["Expect: 100-continue"], ["Expect: something"],
    ];

    [Theory]
    [EveryWay]
    public async Task Headers_AreSeenAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var headers in Cases)
        {
            await comparison.AskAsync(to => to.Head("GET", "/", headers), headers[0]);
        }

        await comparison.AskAsync(
            to => to.Head("GET", "/", [.. Enumerable.Range(2, MostHeaders - 1).Select(n => $"X-{n}: {new string('v', n)}")]), "as many as there may be");
        await comparison.AskAsync(to => to.Head("GET", "/", [.. Enumerable.Range(0, 101).Select(n => $"X-{n}: v")]), "too many");
        await comparison.AskAsync(to => to.Head("GET", "/", "X-Long: " + new string('v', 33 * 1024)), "too long");
        comparison.AssertSame();
    }

    /// <summary>RFC 9110 section 7.6.1. Of the names that <c>Connection</c> gives beside <c>close</c> and the like Kestrel does not tell, not even the app.</summary>
    [Theory]
    [EveryWay]
    public async Task HeadersOfTheVisitorsConnection_EndAtTheRelay(Via via)
    {
        var way = rig[via];
        using var visitor = new Visitor(way);
        var plain = await visitor.AskAsync(way.Head("GET", "/"));

        var response = await visitor.AskAsync(way.Head(
            "GET", "/", "Connection: X-Private ,x-also", "X-Private: 1", "X-Also: 1", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
            "Proxy-Authorization: Basic x", "HTTP2-Settings: AAMAAABkAAQAAP__", "Upgrade: h2c"));

        Assert.Equal(Allowed.Of(plain), Allowed.Of(response));
    }

    /// <summary>Port, case and a dot behind the name are the visitor's choice, and the app's to see.</summary>
    [Theory]
    [EveryWay]
    public async Task Host_IsTheVisitors(Via via)
    {
        var way = rig[via];
        using var comparison = new Comparison(way);
        foreach (var host in way.Prefix.Length > 0
            ? new[] { "any.test", "ANY.Test:8080", "127.0.0.1:1", "[::1]:80", "a_b.test", "any.test." }
            : [way.Host, way.Host.ToUpperInvariant(), way.Host + ":8080", way.Host + "."])
        {
            await comparison.AskAsync(to => $"GET {to.Prefix}/ HTTP/1.1\r\nHost: {host}\r\n\r\n", host);
        }

        comparison.AssertSame();
    }
}
