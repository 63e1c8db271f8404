using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Bodies arrive complete, and as they come.</summary>
public sealed class BodyTests
{
    private const int Mebibyte = 1024 * 1024;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_TenMebibytes_ArriveBothWays(bool chunked)
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            context.Response.ContentLength = chunked ? null : body.Length;
            await context.Response.Body.WriteAsync(body.ToArray());
        }));
        var sent = RandomNumberGenerator.GetBytes(10 * Mebibyte);
        using var request = new HttpRequestMessage(HttpMethod.Post, "echo") { Content = new ByteArrayContent(sent) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await pair.Visitor.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop).Soon();

        Assert.Equal(chunked ? null : sent.Length, response.Content.Headers.ContentLength);
        var received = await response.Content.ReadAsByteArrayAsync(Stop);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Download_64Mebibytes_ArrivesToTheLastByte(bool withLength, bool byPipe)
    {
        const int Size = 64 * Mebibyte;
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            context.Response.ContentLength = withLength ? Size : null;
            var piece = new byte[100_003]; // no divisor of anything
            for (var sent = 0; sent < Size; sent += piece.Length)
            {
                var count = Math.Min(piece.Length, Size - sent);
                Fill(piece, sent);
                if (byPipe)
                {
                    await context.Response.BodyWriter.WriteAsync(piece.AsMemory(0, count));
                }
                else
                {
                    await context.Response.Body.WriteAsync(piece.AsMemory(0, count));
                }
            }
        }));

        using var response = await pair.Visitor.GetAsync("large", HttpCompletionOption.ResponseHeadersRead, Stop).Soon();
        await using var body = await response.Content.ReadAsStreamAsync(Stop);

        Assert.Equal(withLength ? Size : null, response.Content.Headers.ContentLength);
        Assert.Equal(Size, await CheckAsync(body).Soon());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Download_FirstBytesArriveBeforeTheAppHasWrittenTheLast(bool withLength)
    {
        var read = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            context.Response.ContentLength = withLength ? 10 : null;
            await context.Response.WriteAsync("first");
            await read.Opened.Soon();
            await context.Response.WriteAsync("|last");
        }));

        using var response = await pair.Visitor.GetAsync("stream", HttpCompletionOption.ResponseHeadersRead, Stop).Soon();
        await using var body = await response.Content.ReadAsStreamAsync(Stop);
        var first = new byte[5];
        await body.ReadExactlyAsync(first, Stop).AsTask().Soon();
        read.Open();

        Assert.Equal("first|last", System.Text.Encoding.ASCII.GetString(first) + await new StreamReader(body).ReadToEndAsync(Stop).Soon());
    }

    [Fact]
    public async Task Download_HeadArrivesWhenTheAppOnlyFlushes()
    {
        var read = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync();
            await read.Opened.Soon();
        }));

        using var response = await pair.Visitor.GetAsync("events", HttpCompletionOption.ResponseHeadersRead, Stop).Soon();
        read.Open();

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_FirstBytesReachTheAppBeforeTheVisitorHasSentAll(bool chunked)
    {
        var arrived = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            var first = new byte[5];
            await context.Request.Body.ReadExactlyAsync(first);
            arrived.Open();
            await context.Response.WriteAsync("first" + await new StreamReader(context.Request.Body).ReadToEndAsync());
        }));
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        var framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 10";

        await visitor.SendAsync($"POST /t/demo/up HTTP/1.1\r\nHost: any.test\r\n{framing}\r\n\r\n{(chunked ? "5\r\nfirst\r\n" : "first")}");
        await arrived.Opened.Soon();
        await visitor.SendAsync(chunked ? "5\r\n|last\r\n0\r\n\r\n" : "|last");

        Assert.Equal("first|last", (await visitor.ReadResponseAsync().Soon()).Text);
    }

    [Fact]
    public async Task FullDuplex_EachPieceIsAnsweredBeforeTheNextIsSent()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(EchoAsync));
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync("POST /t/demo/echo HTTP/1.1\r\nHost: any.test\r\nTransfer-Encoding: chunked\r\n\r\n");

        for (var turn = 0; turn < 20; turn++)
        {
            var piece = RandomNumberGenerator.GetBytes(1000 + turn);
            await visitor.SendChunkAsync(piece);
            if (turn == 0)
            {
                await visitor.ReadHeadAsync().Soon();
            }

            Assert.Equal(piece, await ReadChunksAsync(visitor, piece.Length).Soon());
        }

        await visitor.SendAsync("0\r\n\r\n");
        Assert.Empty(await visitor.ReadChunkAsync().Soon());
    }

    [Fact]
    public async Task SlowReader_DoesNotStallAnotherRequest()
    {
        const int Size = 64 * Mebibyte;
        await using var pair = await TunnelPair.StartAsync(app =>
        {
            app.MapGet("/large", (HttpContext context) => WriteAsync(context, Size));
            app.MapGet("/small", () => "small");
        });

        using var slow = await pair.Visitor.GetAsync("large", HttpCompletionOption.ResponseHeadersRead, Stop).Soon();
        for (var request = 0; request < 20; request++)
        {
            Assert.Equal("small", await pair.Visitor.GetStringAsync("small", Stop).Soon());
        }

        await using var body = await slow.Content.ReadAsStreamAsync(Stop);
        Assert.Equal(Size, await CheckAsync(body).Soon());
    }

    [Fact]
    public async Task AppThatDoesNotReadAnUpload_DoesNotStallAnotherRequest()
    {
        var release = new Gate();
        await using var pair = await TunnelPair.StartAsync(app =>
        {
            app.MapPost("/unread", async () =>
            {
                await release.Opened.Soon();
                return "unread";
            });
            app.MapGet("/small", () => "small");
        });

        using var content = new ByteArrayContent(new byte[4 * Mebibyte]);
        var upload = pair.Visitor.PostAsync("unread", content, Stop);
        for (var request = 0; request < 20; request++)
        {
            Assert.Equal("small", await pair.Visitor.GetStringAsync("small", Stop).Soon());
        }

        release.Open();
        using var response = await upload.Soon();
        Assert.Equal("unread", await response.Content.ReadAsStringAsync(Stop));
    }

    [Theory]
    [InlineData("Content-Length: 30000001\r\n\r\nx", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("Content-Length: 1\r\n\r\nx", HttpStatusCode.OK)]
    public async Task RequestBody_AboveKestrelsDefaultLimit_Is413(string framing, HttpStatusCode expected)
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(CountAsync));

        var response = await RawConnection.RequestAsync(pair.Hub.Url, $"POST /t/demo/ HTTP/1.1\r\nHost: any.test\r\n{framing}");

        Assert.Equal((int)expected, response.Status);
    }

    [Fact]
    public async Task RequestBody_ChunkedAboveTheLimit_Is413()
    {
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(CountAsync), device: device => device.Agent = agent => agent.MaxRequestBodySize = 1000);

        foreach (var (size, expected) in new[] { (1000, 200), (1001, 413) })
        {
            var response = await RawConnection.RequestAsync(pair.Hub.Url,
                $"POST /t/demo/ HTTP/1.1\r\nHost: any.test\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{new string('x', size)}\r\n0\r\n\r\n");

            Assert.Equal(expected, response.Status);
        }
    }

    [Fact]
    public async Task RequestBody_LimitLiftedByTheEndpoint_ArrivesWhole()
    {
        const int Size = 30_000_001;
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            var limit = context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
            Assert.Equal(30_000_000, limit.MaxRequestBodySize);
            limit.MaxRequestBodySize = null;
            return CountAsync(context);
        }));

        using var content = new ByteArrayContent(new byte[Size]);
        using var response = await pair.Visitor.PostAsync(string.Empty, content, Stop).Soon();

        Assert.Equal($"{Size}", await response.Content.ReadAsStringAsync(Stop));
    }

    private static async Task CountAsync(HttpContext context)
    {
        var buffer = new byte[64 * 1024];
        long total = 0;
        while (await context.Request.Body.ReadAsync(buffer) is > 0 and var count)
        {
            total += count;
        }

        await context.Response.WriteAsync($"{total}");
    }

    private static async Task EchoAsync(HttpContext context)
    {
        while (true)
        {
            var result = await context.Request.BodyReader.ReadAsync();
            foreach (var segment in result.Buffer)
            {
                await context.Response.Body.WriteAsync(segment);
            }

            context.Request.BodyReader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private static async Task<byte[]> ReadChunksAsync(RawConnection visitor, int length)
    {
        var bytes = new List<byte>();
        while (bytes.Count < length)
        {
            bytes.AddRange(await visitor.ReadChunkAsync());
        }

        return [.. bytes];
    }

    private static async Task WriteAsync(HttpContext context, int size)
    {
        context.Response.ContentLength = size;
        var piece = new byte[64 * 1024];
        for (var sent = 0; sent < size; sent += piece.Length)
        {
            Fill(piece, sent);
            await context.Response.Body.WriteAsync(piece);
        }
    }

    /// <summary>Bytes that tell their place, with no period that a frame could hide.</summary>
    private static void Fill(Span<byte> piece, long start)
    {
        for (var index = 0; index < piece.Length; index++)
        {
            piece[index] = At(start + index);
        }
    }

    private static byte At(long place) => (byte)(place ^ (place >> 8) ^ (place >> 16));

    private static async Task<long> CheckAsync(Stream body)
    {
        var buffer = new byte[64 * 1024];
        long total = 0;
        while (await body.ReadAsync(buffer, Stop) is > 0 and var count)
        {
            for (var index = 0; index < count; index++)
            {
                if (buffer[index] != At(total + index))
                {
                    throw new InvalidDataException($"Wrong byte at {total + index}.");
                }
            }

            total += count;
        }

        return total;
    }
}
