using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Each request that reaches an app has one reading, and what has none or two is refused before it.</summary>
public sealed class FramingTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private static readonly string[] Heads =
    [
        // Lengths.
        "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5", "Content-Length: +5", "Content-Length: -1",
        "Content-Length: 0x5", "Content-Length:", "Content-Length: 5 5", "Content-Length: 5_", "Content-Length: 99999999999999999999", "Content-Length: 05",
        "Content-Length: \t5 ",
        // Codings that no server here undoes.
        "Transfer-Encoding: xchunked", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked\v", "Transfer-Encoding:",
        // Lines that are none.
        "Transfer-Encoding : chunked", "Content-Length : 5", "X-A: 1\r\n folded", "X-A: 1\r\n\tContent-Length: 5", " X-A: 1", "X-A", ": 1", "X A: 1", "X-A: a\0b", "X-\0A: 1",
        "X-A: a\rb", "X-A: 1\r\r", "X-A\t: 1", "X-\xE9: 1",
        // Hosts.
        "Host: other.test", "Host:",
    ];

    private static readonly string[] Chunks =
    [
        "5\r\nhello\r\n0\r\n\r\n", "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", "05\r\nhello\r\n000\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n",
        "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n", "5\r\rhello\r\n0\r\n\r\n",
        "5;" + "x", "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", "5\r\nhello\r\n0\r\nX T: 1\r\n\r\n",
    ];

    [Theory]
    [EveryWay]
    public async Task MalformedHeads_AreReadAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var lines in Heads)
        {
            await comparison.ConverseAsync(to => to.Head("POST", "/", lines) + "hello" + Last(to), lines);
        }

        await comparison.ConverseAsync(to => $"POST {to.Prefix}/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n" + Last(to), "no Host");
        await comparison.ConverseAsync(to => to.Head("GET", "/").Replace("\r\n", "\n", StringComparison.Ordinal) + Last(to), "bare line feeds");
        foreach (var host in new[] { "a b", "a/b", "a@b", "a?b", "[::1", "a:b:c", "a\\b", "a,b", "\xE9.test" })
        {
            await comparison.ConverseAsync(to => $"GET {to.Prefix}/ HTTP/1.1\r\nHost: {host}\r\n\r\n" + Last(to), $"Host: {host}");
        }

        foreach (var line in new[] { "GET {0}/ HTTP/1.1 ", "GET  {0}/ HTTP/1.1", " GET {0}/ HTTP/1.1", "GET {0}/ http/1.1", "GET {0}/ HTTP/2.0", "GET {0}/ HTTP/1.10", "G\0T {0}/ HTTP/1.1", "G(T {0}/ HTTP/1.1", "{0}/", "\r\n\r\nGET {0}/ HTTP/1.1" })
        {
            await comparison.ConverseAsync(to => line.Replace("{0}", to.Prefix, StringComparison.Ordinal) + $"\r\nHost: {to.Host}\r\n\r\n" + Last(to), line);
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay]
    public async Task MalformedChunks_AreReadAsWithoutTheTunnel(Via via)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var chunks in Chunks)
        {
            await comparison.ConverseAsync(to => to.Head("POST", "/", "Transfer-Encoding: chunked") + chunks + Last(to), chunks);
        }

        await comparison.ConverseAsync(to => to.Head("POST", "/", "Transfer-Encoding: CHUNKED") + Chunks[0] + Last(to), "upper case", forget: "> Transfer-Encoding: ");
        comparison.AssertSame();
    }

    /// <summary>Kestrel takes such names, which no server behind it has to understand as it does (RFC 9110 section 5.1).</summary>
    [Theory]
    [EveryWay("X(A)", "X/A", "{X}", "\"X\"", "X@A", "Content-Length;", "X=A", "X,A", "<X>", "X[0]", "X?", "X\\A")]
    public async Task HeaderNameThatIsNone_Is400(Via via, string name)
    {
        var way = rig[via];
        using var visitor = new Visitor(way);

        Assert.Equal(StatusCodes.Status400BadRequest, (await visitor.AskAsync(way.Head("GET", "/", $"{name}: 1"))).Status);
    }

    /// <summary>Kestrel itself blames them on the app with a 500.</summary>
    [Theory]
    [EveryWay("FFFFFFFFFFFFFFFF5", "100000005", "80000000")]
    public async Task ChunkLargerThanAnyNumber_Is400AndTheConnectionIsClosed(Via via, string size)
    {
        var way = rig[via];
        using var visitor = new Visitor(way);

        var responses = await visitor.ConverseAsync(way.Head("POST", "/", "Transfer-Encoding: chunked") + size + "\r\nhello\r\n0\r\n\r\n" + Last(way));

        Assert.Equal([StatusCodes.Status400BadRequest], responses.Select(response => response.Status));
    }

    /// <summary>
    /// RFC 9112 section 6.3 lets a server read these one way, as Kestrel does; but another one before or behind it may read them the other way.
    /// </summary>
    [Theory]
    [EveryWay(
        "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity, chunked", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked\r\nX-Content-Length: 5")]
    public async Task AmbiguousFraming_Is400AndTheConnectionIsClosed(Via via, string framing)
    {
        var reached = 0;
        var served = rig.Serve(_ =>
        {
            Interlocked.Increment(ref reached);
            return Task.CompletedTask;
        });
        var way = rig[via];
        using var visitor = new Visitor(way);

        var responses = await visitor.ConverseAsync(way.Head("POST", "/", framing, served) + "0\r\n\r\n" + way.Head("GET", "/smuggled", served));

        Assert.Equal([StatusCodes.Status400BadRequest], responses.Select(response => response.Status));
        Assert.Equal(0, reached);
    }

    /// <summary>RFC 9112 section 6.1: older parties do not know the coding, and take the length for the truth or the rest for a request.</summary>
    [Theory]
    [EveryWay]
    public async Task ChunksInAnOlderProtocol_Are400(Via via)
    {
        var way = rig[via];
        using var visitor = new Visitor(way);

        var responses = await visitor.ConverseAsync(
            way.Head("POST", "/", "Transfer-Encoding: chunked", "Connection: keep-alive").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal) + Chunks[0] + Last(way));

        Assert.Equal([StatusCodes.Status400BadRequest], responses.Select(response => response.Status));
    }

    private static string Last(Way to) => to.Head("GET", "/last", "Connection: close");
}
