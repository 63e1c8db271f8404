using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Bodies pass as they come, both ways at once, and for as long as either side wants them.</summary>
public sealed class StreamingTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private const string Chunked = "Transfer-Encoding: chunked";

    [Theory]
    [EveryWay(true, false)]
    public async Task Download_FirstBytesArriveBeforeTheAppHasWrittenTheLast(Via via, bool withLength)
    {
        var read = new Gate();
        var served = rig.Serve(async context =>
        {
            context.Response.ContentLength = withLength ? 10 : null;
            await context.Response.WriteAsync("first");
            await read.Opened.Soon();
            await context.Response.WriteAsync("|last");
        });
        using var visitor = await SendAsync(rig[via], "GET", served);

        await visitor.ReadHeadAsync().Soon();
        var first = withLength ? await visitor.ReadAsync(5).Soon() : await visitor.ReadChunkAsync().Soon();
        read.Open();
        var last = withLength ? await visitor.ReadAsync(5).Soon() : await visitor.ReadChunkAsync().Soon();

        Assert.Equal("first|last", Encoding.ASCII.GetString([.. first, .. last]));
    }

    [Theory]
    [EveryWay]
    public async Task Download_HeadArrivesWhenTheAppOnlyFlushes(Via via)
    {
        var read = new Gate();
        var served = rig.Serve(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync();
            await read.Opened.Soon();
        });
        using var visitor = await SendAsync(rig[via], "GET", served);

        Assert.Contains("Content-Type: text/event-stream", await visitor.ReadHeadAsync().Soon(), StringComparison.Ordinal);
        read.Open();
        Assert.Empty(await visitor.ReadChunkAsync().Soon());
    }

    [Theory]
    [EveryWay(true, false)]
    public async Task Upload_FirstBytesReachTheAppBeforeTheVisitorHasSentAll(Via via, bool chunked)
    {
        var arrived = new Gate();
        var served = rig.Serve(async context =>
        {
            var first = new byte[5];
            await context.Request.Body.ReadExactlyAsync(first);
            arrived.Open();
            await context.Response.WriteAsync("first" + await new StreamReader(context.Request.Body).ReadToEndAsync());
        });
        using var visitor = await SendAsync(rig[via], "POST", served, chunked ? Chunked : "Content-Length: 10");

        await visitor.SendAsync(chunked ? "5\r\nfirst\r\n" : "first");
        await arrived.Opened.Soon();
        await visitor.SendAsync(chunked ? "5\r\n|last\r\n0\r\n\r\n" : "|last");

        Assert.Equal("first|last", (await visitor.ReadResponseAsync().Soon()).Text);
    }

    [Theory]
    [EveryWay]
    public async Task FullDuplex_EachPieceIsAnsweredBeforeTheNextIsSent(Via via)
    {
        var echo = rig.Serve(async context =>
        {
            var buffer = new byte[4096];
            while (await context.Request.Body.ReadAsync(buffer) is > 0 and var count)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
            }
        });
        using var visitor = await SendAsync(rig[via], "POST", echo, Chunked);
        for (var turn = 0; turn < 20; turn++)
        {
            var piece = Pattern.Of(1000 + turn);
            await visitor.SendChunkAsync(piece);
            if (turn == 0)
            {
                await visitor.ReadHeadAsync().Soon();
            }

            var answer = new List<byte>();
            while (answer.Count < piece.Length)
            {
                answer.AddRange(await visitor.ReadChunkAsync().Soon());
            }

            Assert.Equal(piece, answer);
        }

        await visitor.SendAsync("0\r\n\r\n");
        Assert.Empty(await visitor.ReadChunkAsync().Soon());
    }

    /// <summary>RFC 9110 section 10.1.1: the app answers the question, not the relay.</summary>
    [Theory]
    [EveryWay]
    public async Task Continue_ComesOnlyWhenTheAppReads(Via via)
    {
        var entered = new Gate();
        var mayRead = new Gate();
        var served = rig.Serve(async context =>
        {
            entered.Open();
            await mayRead.Opened.Soon();
            await context.Response.WriteAsync("got " + await new StreamReader(context.Request.Body).ReadToEndAsync());
        });
        var way = rig[via];
        using var visitor = await SendAsync(way, "POST", served, "Content-Length: 5", "Expect: 100-continue");
        await entered.Opened.Soon();

        // What might have been sent to the relay about the first request was sent before the answer to this one.
        Assert.Equal(200, (await RawConnection.RequestAsync(way.Url, way.Head("GET", "/other"))).Status);
        Assert.False(visitor.HasData);
        mayRead.Open();

        Assert.Equal("HTTP/1.1 100 Continue\r\n", await visitor.ReadHeadAsync().Soon());
        await visitor.SendAsync("hello");
        Assert.Equal("got hello", (await visitor.ReadResponseAsync().Soon()).Text);
    }

    [Theory]
    [EveryWay]
    public async Task AppAnswersWithoutReading_ThereIsNoContinue(Via via)
    {
        var served = rig.Serve(context =>
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return Task.CompletedTask;
        });
        using var visitor = await SendAsync(rig[via], "POST", served, "Content-Length: 5", "Expect: 100-continue");

        Assert.Equal(413, (await visitor.ReadResponseAsync().Soon()).Status);
    }

    [Theory]
    [EveryWay]
    public async Task AppAnswersAtOnceAndReads_TheContinueIsNotOvertaken(Via via)
    {
        var served = rig.Serve(async context =>
        {
            var reading = new StreamReader(context.Request.Body).ReadToEndAsync();
            await context.Response.StartAsync();
            await context.Response.WriteAsync("got " + await reading);
        });
        for (var request = 0; request < 10; request++)
        {
            using var visitor = await SendAsync(rig[via], "POST", served, "Content-Length: 5", "Expect: 100-continue");
            Assert.Equal("HTTP/1.1 100 Continue\r\n", await visitor.ReadHeadAsync().Soon());
            await visitor.SendAsync("hello");
            Assert.Equal("got hello", (await visitor.ReadResponseAsync().Soon()).Text);
        }
    }

    /// <summary>The app may still want the rest, as on its own server.</summary>
    [Theory]
    [EveryWay(true, false)]
    public async Task EarlyResponse_ArrivesWholeBeforeTheUploadEnds(Via via, bool chunked)
    {
        var read = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var served = rig.Serve(async context =>
        {
            context.Response.ContentLength = 5;
            await context.Response.WriteAsync("early");
            read.SetResult(await Seen.ReadAsync(context.Request.Body));
        });
        var body = Pattern.Of(400_000);
        using var visitor = await SendAsync(rig[via], "POST", served, chunked ? Chunked : $"Content-Length: {body.Length}");

        await SendPieceAsync(body.AsMemory(0, 2));
        Assert.Equal("early", (await visitor.ReadResponseAsync().Soon()).Text);
        await SendPieceAsync(body.AsMemory(2));
        await visitor.SendAsync(chunked ? "0\r\n\r\n" : string.Empty);
        Assert.Equal(Seen.Of(body), await read.Task.Soon());

        await visitor.SendAsync(rig[via].Head("GET", "/next"));
        Assert.Equal(200, (await visitor.ReadResponseAsync().Soon()).Status);

        Task SendPieceAsync(ReadOnlyMemory<byte> piece) => chunked ? visitor.SendChunkAsync(piece) : visitor.SendAsync(piece);
    }

    /// <summary>What the app leaves unread the server takes off the connection, which goes on.</summary>
    [Theory]
    [EveryWay(true, false)]
    public async Task UploadThatTheAppLeaves_DoesNotHoldUpItsAnswer(Via via, bool chunked)
    {
        const int Size = 8 * 1024 * 1024;
        var served = rig.Serve(context => context.Response.WriteAsync("not read"));
        using var visitor = await SendAsync(rig[via], "POST", served, chunked ? Chunked : $"Content-Length: {Size}");
        await visitor.SendAsync(chunked ? $"{Size:x}\r\n1" : "1");

        Assert.Equal("not read", (await visitor.ReadResponseAsync().Soon()).Text);
        await visitor.SendAsync(new byte[Size - 1]);
        await visitor.SendAsync((chunked ? "\r\n0\r\n\r\n" : string.Empty) + rig[via].Head("GET", "/next"));
        Assert.Contains("path /next", (await visitor.ReadResponseAsync().Soon()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [EveryWay]
    public async Task SlowVisitorAndSlowApp_HoldUpNobodyElse(Via via)
    {
        const int Size = 16 * 1024 * 1024;
        var way = rig[via];
        var release = new Gate();
        var large = rig.Serve(context =>
        {
            context.Response.ContentLength = Size;
            return Pattern.WriteAsync(context.Response.Body, Size);
        });
        var unread = rig.Serve(async context =>
        {
            await release.Opened.Soon();
            await context.Response.WriteAsync(await Seen.ReadAsync(context.Request.Body));
        });
        using var slow = await SendAsync(way, "GET", large);
        await slow.ReadHeadAsync().Soon();
        using var sending = await SendAsync(way, "POST", unread, $"Content-Length: {Size}");
        var sent = sending.SendAsync(Pattern.Of(Size));

        using var other = new Visitor(way);
        for (var request = 0; request < 20; request++)
        {
            Assert.Equal(200, (await other.AskAsync(way.Head("GET", "/other"))).Status);
        }

        release.Open();
        await sent.Soon();
        Assert.Equal(Seen.Of(Pattern.Of(Size)), (await sending.ReadResponseAsync().Soon()).Text);
        Assert.Equal(Size, await Pattern.CheckAsync(memory => slow.ReadSomeAsync(memory), Size).Soon());
    }

    [Theory]
    [EveryWay]
    public async Task SizeLimitOfTheApp_IsTheOnlyOne(Via via)
    {
        var lifted = rig.Serve(async context =>
        {
            var limit = context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
            limit.MaxRequestBodySize = limit.MaxRequestBodySize == 30_000_000 ? null : 1;
            await context.Response.WriteAsync(await Seen.ReadAsync(context.Request.Body));
        });
        var lowered = rig.Serve(async context =>
        {
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = 1000;
            await context.Response.WriteAsync(await Seen.ReadAsync(context.Request.Body));
        });
        var large = Encoding.Latin1.GetString(Pattern.Of(30_000_001));
        using var comparison = new Comparison(rig[via], keepsConnections: false);
        await comparison.AskAsync(to => to.Head("POST", "/", lifted, $"Content-Length: {large.Length}") + large, "lifted");
        await comparison.AskAsync(to => to.Head("POST", "/", "Content-Length: 30000001") + "x", "above the default");
        await comparison.AskAsync(to => to.Head("POST", "/", lowered, "Content-Length: 1000") + new string('x', 1000), "1000 of 1000");
        foreach (var size in new[] { 900, 1001 })
        {
            // Kestrel counts a chunk's own lines, too.
            var body = new string('x', size);
            await comparison.AskAsync(to => to.Head("POST", "/", lowered, $"Content-Length: {size}") + body, $"{size} of 1000");
            await comparison.AskAsync(
                to => to.Head("POST", "/", lowered, Chunked) + string.Create(CultureInfo.InvariantCulture, $"{size:x}\r\n{body}\r\n0\r\n\r\n"), $"{size} of 1000 in a chunk");
        }

        comparison.AssertSame();
    }

    private static async Task<RawConnection> SendAsync(Way way, string method, params string[] headers)
    {
        var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head(method, "/", headers));
        return visitor;
    }
}
