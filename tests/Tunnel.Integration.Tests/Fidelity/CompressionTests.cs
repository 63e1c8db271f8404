using System.Text;
using Microsoft.AspNetCore.Http;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Bodies that are compressed between agent and relay are the app's own at the visitor, and smaller on the way.</summary>
public sealed class CompressionTests(CompressedRig rig) : IClassFixture<CompressedRig>
{
    /// <summary>Half of it repeats itself, half does not.</summary>
    private static readonly byte[] Text = Encoding.ASCII.GetBytes(string.Concat(
        Enumerable.Range(0, 20_000).Select(line => $"const line{line} = function () {{ return {line * 7919 % 10_007}; }};\n")));

    [Theory]
    [EveryWay("text/javascript", "application/json; charset=utf-8", "image/svg+xml")]
    public async Task Bodies_AreWhatTheAppWrote(Via via, string type)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var size in new[] { 0, 1, 1023, 1024, 1025, 16_384, 65_536, 65_537, Text.Length })
        {
            foreach (var isChunked in new[] { false, true })
            {
                await comparison.AskAsync("GET", "/", rig.Serve(context => WriteAsync(context, type, size, isChunked)));
            }
        }

        await comparison.AskAsync("HEAD", "/", rig.Serve(context => WriteAsync(context, type, Text.Length, isChunked: false)));
        comparison.AssertSame();
    }

    [Theory]
    [EveryWay]
    public async Task Text_IsSmallerOnTheWay_OtherThingsAreAsTheyWere(Via via)
    {
        Assert.InRange(await SizeOnTheWayAsync("text/javascript"), 1, Text.Length / 3);
        Assert.InRange(await SizeOnTheWayAsync("image/png"), Text.Length, Text.Length * 2);
        Assert.InRange(await SizeOnTheWayAsync("text/javascript", "br"), Text.Length, Text.Length * 2);
        Assert.InRange(await SizeOnTheWayAsync("text/event-stream"), Text.Length, Text.Length * 2);

        async Task<long> SizeOnTheWayAsync(string type, string? encoding = null)
        {
            var app = rig.Serve(context =>
            {
                context.Response.Headers.ContentEncoding = encoding;
                return WriteAsync(context, type, Text.Length, isChunked: true);
            });
            using var visitor = new Visitor(rig[via]);
            var before = rig.BytesUp;
            Assert.Equal(Text.Length, (await visitor.AskAsync(rig[via].Head("GET", "/", app)).Soon()).Body.Length);
            return rig.BytesUp - before;
        }
    }

    [Theory]
    [EveryWay]
    public async Task EachPiece_ArrivesBeforeTheNextIsWritten(Via via)
    {
        var gates = Enumerable.Range(0, 20).Select(_ => new Gate()).ToArray();
        var app = rig.Serve(async context =>
        {
            context.Response.ContentType = "text/plain";
            await context.Response.Body.FlushAsync();
            foreach (var gate in gates)
            {
                await gate.Opened;
                await context.Response.WriteAsync("A piece of the text, and another one. ");
            }
        });
        using var visitor = await RawConnection.OpenAsync(rig[via].Url);
        await visitor.SendAsync(rig[via].Head("GET", "/", app));
        await visitor.ReadHeadAsync().Soon();

        foreach (var gate in gates)
        {
            gate.Open();
            Assert.Equal("A piece of the text, and another one. ", Encoding.ASCII.GetString(await visitor.ReadChunkAsync().Soon()));
        }

        Assert.Empty(await visitor.ReadChunkAsync().Soon());
    }

    [Theory]
    [EveryWay]
    public async Task BodyThatBreaksOff_NeverLooksComplete(Via via)
    {
        var read = new Gate();
        var app = rig.Serve(async context =>
        {
            await WriteAsync(context, "text/plain", 5000, isChunked: true);
            await context.Response.Body.FlushAsync();
            await read.Opened;
            context.Abort();
        });
        using var visitor = await RawConnection.OpenAsync(rig[via].Url);
        await visitor.SendAsync(rig[via].Head("GET", "/", app));
        await visitor.ReadHeadAsync().Soon();
        var first = await visitor.ReadAsync(5000).Soon();
        read.Open();

        Assert.NotEmpty(first);
        Assert.DoesNotContain("\r\n0\r\n", Encoding.ASCII.GetString(await visitor.ReadToEndAsync().Soon()), StringComparison.Ordinal);
    }

    [Theory]
    [EveryWay]
    public async Task AnswerWithALength_CountsAsCompleted(Via via)
    {
        var agent = (via is Via.InProcessByPath or Via.InProcessBySubdomain ? rig.Device : rig.Forwarder).Agent;
        var completed = new TaskCompletionSource<TunnelRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        agent.RequestCompleted += completed.SetResult;
        try
        {
            using var visitor = new Visitor(rig[via]);
            await visitor.AskAsync(rig[via].Head(
                "GET", "/", rig.Serve(context => WriteAsync(context, "text/plain", 30_000, isChunked: false)))).Soon();

            var request = await completed.Task.Soon();
            Assert.Equal((TunnelRequestOutcome.Completed, 30_000), (request.Outcome, request.ResponseBytes));
        }
        finally
        {
            agent.RequestCompleted -= completed.SetResult;
        }
    }

    [Theory]
    [EveryWay]
    public async Task OneLargeWrite_ArrivesWhole(Via via)
    {
        var app = rig.Serve(context =>
        {
            context.Response.ContentType = "text/plain";
            return context.Response.Body.WriteAsync(Text).AsTask();
        });
        using var visitor = new Visitor(rig[via]);

        Assert.Equal(Text, (await visitor.AskAsync(rig[via].Head("GET", "/", app)).Soon()).Body);
    }

    /// <summary>No more than 64 are compressed at a time, so one that was not given back would be missed.</summary>
    [Fact]
    public async Task HeadsThatCannotBeSent_TakeNoPlaceAmongThoseThatAreCompressed()
    {
        var app = rig.Serve(async context =>
        {
            context.Response.ContentType = "text/plain";
            context.Response.Headers["X-Large"] = new string('x', 100 * 1024);
            await Assert.ThrowsAnyAsync<IOException>(() => context.Response.Body.WriteAsync(Text, context.RequestAborted).AsTask());
            context.Response.Headers.Remove("X-Large");
            await context.Response.Body.WriteAsync(Text, context.RequestAborted);
        });
        var way = rig[Via.InProcessByPath];
        using var visitor = new Visitor(way);
        for (var i = 0; i < 65; i++)
        {
            Assert.Equal(200, (await visitor.AskAsync(way.Head("GET", "/", app)).Soon()).Status);
        }

        var before = rig.BytesUp;
        await visitor.AskAsync(way.Head("GET", "/", app)).Soon();

        Assert.InRange(rig.BytesUp - before, 1, Text.Length / 3);
    }

    private static async Task WriteAsync(HttpContext context, string type, int size, bool isChunked)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = isChunked ? null : size;
        foreach (var piece in Text.AsMemory(0, size).ToArray().Chunk(10_000))
        {
            await context.Response.Body.WriteAsync(piece);
        }
    }
}
