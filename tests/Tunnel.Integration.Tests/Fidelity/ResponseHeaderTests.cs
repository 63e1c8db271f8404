using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Response headers reach the visitor as the app gave them.</summary>
public sealed class ResponseHeaderTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    [Theory]
    [EveryWay]
    public async Task Headers_AreSeenAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var (name, headers) in new Dictionary<string, (string, string)[]>
        {
            ["order"] = [("X-A", "1"), ("X-B", "2"), ("X-A", "3"), ("X-a", "2")],
            ["empty values"] = [("X-Empty", ""), ("X-Empties", ""), ("X-Empties", "a"), ("X-Empties", "")],
            ["lists"] = [("Vary", "Accept"), ("Vary", "Origin, Cookie"), ("Link", "</a>; rel=preload"), ("Link", "</b>"), ("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Bearer x")],
            ["caching"] = [("ETag", "W/\"a\""), ("Last-Modified", "Sat, 29 Oct 1994 19:43:31 GMT"), ("Cache-Control", "max-age=1"), ("Age", "3"), ("Expires", "0"), ("Via", "1.1 x")],
            ["policies"] = [("Content-Security-Policy", "default-src 'self'"), ("X-Frame-Options", "DENY"), ("Access-Control-Allow-Origin", "*"), ("Referrer-Policy", "no-referrer")],
            ["content"] = [("Content-Type", "text/plain; charset=\"utf-8\""), ("Content-Language", "de"), ("Content-Location", "/x"), ("Content-Encoding", "identity")],
            ["of their own"] = [("Server", "mine/1"), ("Date", "Sat, 29 Oct 1994 19:43:31 GMT"), ("X-Powered-By", "x"), ("Retry-After", "5"), ("Allow", "GET")],
            ["cookies"] = [.. Enumerable.Range(0, 20).Select(n => ("Set-Cookie", $"c{n}=v; Max-Age={n}; Secure; HttpOnly; SameSite=Lax; Expires=Sat, 29 Oct 1994 19:43:31 GMT"))],
            ["relay's own"] = [("X-Forwarded-For", "1"), ("Forwarded", "for=1"), ("CDN-Loop", "a"), ("X-Case", "1"), ("Host", "x"), ("X-Content-Length", "5")],
            ["many"] = [.. Enumerable.Range(0, 100).Select(n => ($"X-{n}", new string('v', n)))],
            ["long"] = [("X-Long", new string('v', 16 * 1024))],
            ["very long"] = [.. Enumerable.Range(0, 4).Select(n => ($"X-{n}", new string('v', 12 * 1024)))],
        })
        {
            var served = rig.Serve(context =>
            {
                foreach (var (key, value) in headers)
                {
                    context.Response.Headers[key] = Microsoft.Extensions.Primitives.StringValues.Concat(context.Response.Headers[key], value);
                }

                return context.Response.WriteAsync("body");
            });
            await comparison.AskAsync(to => to.Head("GET", "/", served), name);
            await comparison.AskAsync(to => to.Head("HEAD", "/", served), name + " by HEAD");
        }

        comparison.AssertSame();
    }

    /// <summary>A link carries heads of at most 96 KiB (PROTOCOL.md, Bounds). Above that the visitor gets an error, and the tunnel goes on.</summary>
    [Theory]
    [EveryWay]
    public async Task HeadThatNoLinkCarries_IsAnErrorOfItsOwn(Via via)
    {
        var served = rig.Serve(context =>
        {
            context.Response.Headers["X-Long"] = new string('v', 200 * 1024);
            return context.Response.WriteAsync("body");
        });
        var way = rig[via];
        using var visitor = new Visitor(way);

        Assert.InRange((await visitor.AskAsync(way.Head("GET", "/", served))).Status, 500, 502);
        Assert.Equal(200, (await visitor.AskAsync(way.Head("GET", "/"))).Status);
    }

    [Theory]
    [EveryWay]
    public async Task StatusLines_AreSeenAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var status in new[] { 200, 201, 202, 203, 207, 226, 299, 300, 301, 302, 303, 307, 308, 399, 400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 413, 418, 421, 425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511, 599, 600, 999 })
        {
            foreach (var phrase in new[] { null, "Other words (1), here", "OK" })
            {
                var served = rig.Serve(context =>
                {
                    context.Response.StatusCode = status;
                    context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = phrase;
                    context.Response.Headers.Location = "/elsewhere?a=b#c";
                    return context.Response.WriteAsync("body");
                });
                await comparison.AskAsync(to => to.Head("GET", "/", served), $"{status} {phrase}");
            }
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay("gzip", "br", "deflate", "zstd", "x-unknown")]
    public async Task EncodedBodies_AreNotTouched(Via via, string encoding)
    {
        var served = rig.Serve(async context =>
        {
            context.Response.Headers.ContentEncoding = encoding;
            context.Response.Headers.Vary = "Accept-Encoding";
            context.Response.ContentType = "text/html";
            await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<p>the same again</p>", 500)) + context.Request.Headers.AcceptEncoding));
        });
        using var comparison = new Comparison(rig[via]);

        await comparison.AskAsync("GET", "/", served, $"Accept-Encoding: {encoding}");
        await comparison.AskAsync("GET", "/", served);

        comparison.AssertSame();
    }

    /// <summary>RFC 9110 section 7.6.1; in path mode also what would act on all of the origin, which is the relay's and every other tunnel's too.</summary>
    [Theory]
    [EveryWay]
    public async Task HeadersOfTheAppsConnectionOrOrigin_EndAtTheRelay(Via via)
    {
        string[] connections = ["X-Private", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Upgrade"];
        string[] origins = ["Service-Worker-Allowed", "Clear-Site-Data", "Strict-Transport-Security", "Alt-Svc", "NEL", "Report-To", "Reporting-Endpoints"];
        var served = rig.Serve(context =>
        {
            foreach (var name in connections.Concat(origins))
            {
                context.Response.Headers[name] = "1";
            }

            context.Response.Headers.Connection = "X-Private"; // behind what it names
            context.Response.Headers["X-Kept"] = "1";
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        });
        var way = rig[via];

        var response = await RawConnection.RequestAsync(way.Url, way.Head("GET", "/", served));

        string[] expected = ["Content-Length", "Date", "Server", "X-Kept", .. way.Prefix.Length > 0 ? [] : origins];
        Assert.Equal(expected.Order(StringComparer.Ordinal), response.Headers.Select(header => header.Split(':')[0]).Order(StringComparer.Ordinal));
    }

    /// <summary>In path mode a cookie for everything would reach the relay and every other tunnel.</summary>
    [Theory]
    [EveryWay]
    public async Task Cookies_OfATunnelInPathMode_StayUnderItsPrefix(Via via)
    {
        var way = rig[via];
        var served = rig.Serve(context =>
        {
            context.Response.Headers.SetCookie = new[] { $"wide=1; Path=/; Domain={way.Host}", $"own=1; Path={way.Prefix}/x; HttpOnly" };
            return Task.CompletedTask;
        });

        var response = await RawConnection.RequestAsync(way.Url, way.Head("GET", "/", served));

        Assert.Equal(
            [way.Prefix.Length > 0 ? $"Set-Cookie: wide=1; path={way.Prefix}/" : $"Set-Cookie: wide=1; Path=/; Domain={way.Host}", $"Set-Cookie: own=1; Path={way.Prefix}/x; HttpOnly"],
            response.Headers.Where(header => header.StartsWith("Set-Cookie:", StringComparison.Ordinal)));
    }
}
