using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Apps that hold on to a request longer than it lasts, or throw where nobody listens, harm themselves only.</summary>
public sealed class LateUseTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ResponseStream_KeptBeyondItsRequest_DoesNotReachAnotherVisitor()
    {
        Stream? kept = null;
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            if (kept is null)
            {
                kept = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().Stream;
                await context.Response.WriteAsync("first");
                return;
            }

            await context.Response.WriteAsync("[", Stop);
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await kept.WriteAsync(Encoding.ASCII.GetBytes("secret of the first"), Stop));
            await context.Response.WriteAsync("]");
        }));

        Assert.Equal("first", await pair.Visitor.GetStringAsync("", Stop));
        Assert.Equal("[]", await pair.Visitor.GetStringAsync("", Stop));
    }

    [Fact]
    public async Task RequestAborted_WhoseCallbackThrows_LeavesTheDeviceRunning()
    {
        var begun = new TaskCompletionSource();
        var thrown = new TaskCompletionSource();
        await using var pair = await TunnelPair.StartAsync(app => app.Map("/{**path}", async (HttpContext context, string? path) =>
        {
            if (path != "wait")
            {
                return "alive";
            }

            context.RequestAborted.Register(() =>
            {
                thrown.SetResult();
                throw new InvalidOperationException("a callback that throws");
            });
            begun.SetResult();
            await thrown.Task;
            return "gone";
        }));

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var request = pair.Visitor.GetAsync("wait", leaving.Token);
        await begun.Task.Soon();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await thrown.Task.Soon();
        Assert.Equal("alive", await pair.Visitor.GetStringAsync("", Stop));
    }

    [Fact]
    public async Task EarlyResponse_LetsTheAppReadTheRestOfTheUpload()
    {
        var answered = new TaskCompletionSource();
        var read = new TaskCompletionSource<long>();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            context.Response.ContentLength = 2;
            await context.Response.WriteAsync("ok");
            await answered.Task;
            try
            {
                var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                read.SetResult(body.Length);
            }
            catch (Exception exception)
            {
                read.SetException(exception);
            }
        }));

        var gate = new TaskCompletionSource();
        using var content = new GatedContent(gate.Task, 400_000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = content };
        var sending = pair.Visitor.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        answered.SetResult();
        gate.SetResult();
        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(400_000, await read.Task.Soon());
    }

    [Fact]
    public async Task ResponseHeader_ThatTheHubsServerRefuses_IsA502()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            context.Response.Headers["X-Name"] = "naïve";
            return Task.CompletedTask;
        }));
        using var response = await pair.Visitor.GetAsync("", Stop);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    private sealed class GatedContent(Task gate, int length) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[length / 2]);
            await stream.FlushAsync();
            await gate;
            await stream.WriteAsync(new byte[length - (length / 2)]);
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }
    }
}
