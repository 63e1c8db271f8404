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
}
