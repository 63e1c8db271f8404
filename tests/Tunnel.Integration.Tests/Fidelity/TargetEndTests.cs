using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>The ends of connections to a target, where no server library smooths them.</summary>
public sealed class TargetEndTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    [Theory]
    [EveryWay("", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n", Forwarded = true)]
    public async Task VisitorLeaves_TargetsConnectionCloses(Via via, string answer)
    {
        var way = rig.ToTarget(via);
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("GET", "/"));
        using var target = await rig.Target.AcceptAsync();
        await target.ReadHeadAsync().Soon();
        await target.SendAsync(answer);
        if (answer.Length > 0)
        {
            await visitor.ReadHeadAsync().Soon();
        }

        visitor.Reset();

        Assert.Empty(await target.ReadToEndAsync().Within(Bound));
    }

    [Theory]
    [EveryWay("Content-Length: 10\r\n\r\nsome", "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n", "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n4\r\nmo", Forwarded = true)]
    public async Task VisitorLeavesInMidUpload_TargetGetsNoEnd(Via via, string upload)
    {
        var way = rig.ToTarget(via);
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("POST", "/")[..^2] + upload);
        using var target = await rig.Target.AcceptAsync();
        var head = await target.ReadHeadAsync().Soon();
        var first = await target.ReadAsync(head.Contains("chunked", StringComparison.Ordinal) ? "4\r\nsome\r\n".Length : 4).Soon();

        visitor.Reset();
        var rest = System.Text.Encoding.Latin1.GetString([.. first, .. await target.ReadToEndAsync().Within(Bound)]);

        Assert.DoesNotContain("0\r\n\r\n", rest, StringComparison.Ordinal);
        Assert.True(rest.Length < 20, rest);
    }

    /// <summary>Each is whole but for its end.</summary>
    [Theory]
    [EveryWay(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsome", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\nX-T: 1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsome", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsomeX", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nX\r\n",
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nsome", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nsome",
        "HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nsome", "", "some", Forwarded = true)]
    public async Task TargetBreaksOff_VisitorGetsNoWholeAnswer(Via via, string answer)
    {
        foreach (var reset in new[] { false, true })
        {
            var way = rig.ToTarget(via);
            using var visitor = await RawConnection.OpenAsync(way.Url);
            await visitor.SendAsync(way.Head("POST", "/", "Content-Length: 0")); // which nobody sends again
            using var target = await rig.Target.AcceptAsync();
            await target.ReadHeadAsync().Soon();
            await target.SendAsync(answer);
            if (reset)
            {
                target.Reset();
            }
            else
            {
                target.Dispose();
            }

            await AssertBrokenAsync(visitor);
        }
    }

    /// <summary>Such a body ends with its connection; only a reset tells that it was cut (RFC 9112 section 8).</summary>
    [Theory]
    [EveryWay(true, false, Forwarded = true)]
    public async Task BodyThatEndsWithItsConnection_IsWholeUnlessTheConnectionIsReset(Via via, bool reset)
    {
        var way = rig.ToTarget(via);
        using var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("GET", "/"));
        using var target = await rig.Target.AcceptAsync();
        await target.ReadHeadAsync().Soon();
        await target.SendAsync("HTTP/1.0 200 Fine\r\nX-A: 1\r\n\r\nsome");
        var head = await visitor.ReadHeadAsync().Soon();
        Assert.StartsWith("HTTP/1.1 200 Fine\r\n", head, StringComparison.Ordinal);
        Assert.Equal("some"u8.ToArray(), await visitor.ReadChunkAsync().Soon());
        if (reset)
        {
            target.Reset();
            await Assert.ThrowsAnyAsync<IOException>(() => visitor.ReadChunkAsync().Within(Bound));
        }
        else
        {
            target.Dispose();
            Assert.Empty(await visitor.ReadChunkAsync().Within(Bound));
        }
    }

    private static async Task AssertBrokenAsync(RawConnection visitor)
    {
        try
        {
            Assert.Equal(502, (await visitor.ReadResponseAsync().Within(Bound)).Status);
        }
        catch (IOException)
        {
            // Broken off.
        }
    }
}
