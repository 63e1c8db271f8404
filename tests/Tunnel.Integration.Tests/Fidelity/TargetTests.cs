using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Methods and request targets arrive as the visitor wrote them.</summary>
public sealed class TargetTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    /// <summary>Kestrel's limit for a request line, with its line end.</summary>
    private const int MaxRequestLine = 8192;

    [Theory]
    [EveryWay]
    public async Task Targets_AreSeenAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var target in RawTargets.All.Concat(RawTargets.Generated(400)))
        {
            await comparison.AskAsync("GET", target);
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay]
    public async Task TargetsThatClimb_LeaveNoTunnel(Via via)
    {
        var way = rig[via];
        using var comparison = new Comparison(way);
        using var visitor = new Visitor(way);
        foreach (var target in RawTargets.Climbing)
        {
            if (way.Prefix.Length > 0)
            {
                Assert.Equal((target, 400), (target, (await visitor.AskAsync(way.Head("GET", target))).Status));
            }
            else
            {
                await comparison.AskAsync("GET", target);
            }
        }

        if (way.Prefix.Length == 0)
        {
            comparison.AssertSame(); // on a name of its own there is nothing above
        }
    }

    [Theory]
    [EveryWay]
    public async Task Methods_AreSeenAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var method in new[] { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "get", "Get", "M-SEARCH", "X!#$%&'*+-.^_`|~9" })
        {
            await comparison.AskAsync(method, "/method?x=1");
            await comparison.AskAsync(to => to.Head(method, "/method", "Content-Length: 5") + "hello", $"{method} with a body");
            await comparison.AskAsync(to => to.Head(method, "/method", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", $"{method} with a chunk");
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay]
    public async Task RequestLine_MayBeAsLongAsWithoutTheTunnel(Via via)
    {
        var served = rig.Serve(context => context.Response.WriteAsync("served"));
        using var comparison = new Comparison(rig[via]);
        foreach (var length in new[] { 4096, MaxRequestLine - 1, MaxRequestLine, MaxRequestLine + 1, 2 * MaxRequestLine })
        {
            await comparison.AskAsync(
                to => to.Head("GET", "/" + new string('x', length - $"GET {to.Prefix}/ HTTP/1.1\r\n".Length), served),
                string.Create(CultureInfo.InvariantCulture, $"{length} bytes"));
        }

        comparison.AssertSame();
    }

    /// <summary>A server that is asked in absolute-form is asked as a proxy; what it asks further is in origin-form (RFC 9112 section 3.2.1).</summary>
    [Theory]
    [EveryWay]
    public async Task AbsoluteForm_IsReducedToOriginForm(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var target in new[] { "/x?y=%2F", "/", "/a//b/%2e" })
        {
            await comparison.AskAsync(to => $"GET http://{to.Host}{to.Prefix}{target} HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
            await comparison.AskAsync(to => $"GET http://other.test{to.Prefix}{target} HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
            await comparison.AskAsync(to => $"GET HTTP://{to.Host}{to.Prefix}{target} HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
            await comparison.AskAsync(to => $"GET https://{to.Host}{to.Prefix}{target} HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
            await comparison.AskAsync(to => $"GET http://user@{to.Host}{to.Prefix}{target} HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
            await comparison.AskAsync(to => $"GET http://{to.Host}:80{to.Prefix}{target} HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
        }

        if (rig[via].Prefix.Length == 0)
        {
            await comparison.AskAsync(to => $"GET http://{to.Host} HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
            await comparison.AskAsync(to => $"GET http://{to.Host}?x HTTP/1.1\r\nHost: {to.Host}\r\n\r\n", forget: "raw target ");
        }

        comparison.AssertSame();
    }

    /// <summary>
    /// The asterisk asks about the whole server, which is the relay (RFC 9110 section 9.3.7). A tunnel by CONNECT would make a server behind
    /// it a proxy, and what follows on the connection bytes for somebody else. The rest is what no request line may hold.
    /// </summary>
    [Theory]
    [EveryWay("OPTIONS *", "CONNECT any.test:80", "CONNECT demo.tunnel.test:80", "GET {0}/a\x01", "GET {0}/a\tb", "GET {0}?\x7F", "HEAD {0}/?\x1F")]
    public async Task OtherForms_GoIntoNoTunnel(Via via, string line)
    {
        var way = rig[via];
        var host = line.StartsWith("CONNECT ", StringComparison.Ordinal) ? line["CONNECT ".Length..] : way.Host;

        var response = await RawConnection.RequestAsync(
            way.Url, $"{string.Format(CultureInfo.InvariantCulture, line, way.Prefix)} HTTP/1.1\r\nHost: {host}\r\n\r\n");

        Assert.InRange(response.Status, 400, 499);
    }

    [Theory]
    [EveryWay]
    public async Task OlderProtocols_AreAnsweredAsWithoutTheTunnel(Via via)
    {
        var way = rig[via];
        using var comparison = new Comparison(way);
        var protocol = via >= Via.ForwardedByPath ? "protocol " : null; // each hop says its own (RFC 9110 section 6.2)
        await comparison.AskAsync(to => to.Head("GET", "/old").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal), forget: protocol);
        await comparison.AskAsync(
            to => to.Head("GET", "/old", "Connection: keep-alive").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal), forget: protocol);
        if (via == Via.InProcessByPath)
        {
            // A forwarded request is one of HTTP/1.1, which wants a host.
            await comparison.AskAsync(to => $"GET {to.Prefix}/old HTTP/1.0\r\n\r\n", "no Host", forget: protocol);
        }

        await comparison.AskAsync(to => to.Head("GET", "/old").Replace("HTTP/1.1", "HTTP/1.2", StringComparison.Ordinal));
        await comparison.AskAsync(to => to.Head("GET", "/old").Replace(" HTTP/1.1", "", StringComparison.Ordinal));
        comparison.AssertSame();
    }
}
