using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>What breaks on one side is broken on the other soon, and never looks complete.</summary>
public sealed class EndTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    /// <summary>A second, and one more for a machine that is busy.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    [Theory]
    [EveryWay("reset", "close", "reset in the response", "close in the response")]
    public async Task VisitorLeaves_RequestAbortedFires(Via via, string how)
    {
        var entered = new Gate();
        var aborted = new Gate();
        var served = rig.Serve(async context =>
        {
            using var registration = context.RequestAborted.Register(aborted.Open);
            if (how.EndsWith("response", StringComparison.Ordinal))
            {
                await context.Response.WriteAsync("some");
            }

            entered.Open();
            await aborted.Opened.Soon();
        });
        using var visitor = await SendAsync(rig[via], "GET", served);
        await entered.Opened.Soon();
        if (how.EndsWith("response", StringComparison.Ordinal))
        {
            await visitor.ReadHeadAsync().Soon();
        }

        Leave(visitor, how);

        await Within(aborted.Opened);
    }

    [Theory]
    [EveryWay("reset", "close", "reset of chunks", "close of chunks")]
    public async Task VisitorLeavesInMidUpload_AppsReadFails(Via via, string how)
    {
        var entered = new Gate();
        var failed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var served = rig.Serve(async context =>
        {
            try
            {
                await context.Request.Body.ReadExactlyAsync(new byte[4]);
                entered.Open();
                await context.Request.Body.CopyToAsync(Stream.Null);
                failed.SetException(new InvalidOperationException("The cut body looked complete."));
            }
            catch (Exception exception)
            {
                failed.SetResult(exception);
            }
        });
        var chunks = how.EndsWith("chunks", StringComparison.Ordinal);
        using var visitor = await SendAsync(rig[via], "POST", served, chunks ? "Transfer-Encoding: chunked" : "Content-Length: 10");
        await visitor.SendAsync(chunks ? "4\r\nsome\r\n" : "some");
        await entered.Opened.Soon();

        Leave(visitor, how);

        // Kestrel calls a body that ended too early a bad request, which is an IOException as well.
        Assert.IsAssignableFrom<IOException>(await failed.Task.Within(Bound));
    }

    [Theory]
    [EveryWay("abort", "throw", "throw at once", "return")]
    public async Task AppBreaksOffInMidBody_VisitorSeesABrokenTransfer(Via via, string how)
    {
        foreach (var withLength in how == "return" ? [true] : new[] { true, false })
        {
            var read = new Gate();
            var served = rig.Serve(async context =>
            {
                context.Response.ContentLength = withLength ? 1000 : null;
                await context.Response.WriteAsync("some");
                if (how != "throw at once")
                {
                    await read.Opened.Soon();
                }

                if (how == "abort")
                {
                    context.Abort();
                }
                else if (how != "return")
                {
                    throw new InvalidOperationException("The app fails.");
                }
            });
            using var visitor = await SendAsync(rig[via], "GET", served);
            var head = how == "throw at once" ? null : await visitor.ReadHeadAsync().Soon();
            read.Open();

            if (head is not null)
            {
                await Assert.ThrowsAnyAsync<IOException>(() => ReadBodyAsync(visitor, withLength).Within(Bound));
                continue;
            }

            try
            {
                // The failure can overtake a head that has not left the relay yet.
                Assert.Equal(502, (await visitor.ReadResponseAsync().Within(Bound)).Status);
            }
            catch (IOException)
            {
                // The transfer broke.
            }
        }
    }

    /// <summary>Directly the visitor's connection would just close; through the tunnel it is the relay's, and serves on.</summary>
    [Theory]
    [EveryWay]
    public async Task AppAbortsBeforeTheResponse_Is502(Via via)
    {
        var served = rig.Serve(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        var way = rig[via];
        using var visitor = new Visitor(way);
        for (var turn = 0; turn < 20; turn++)
        {
            Assert.Equal(502, (await visitor.AskAsync(way.Head("GET", "/", served))).Status);
            Assert.Equal(200, (await visitor.AskAsync(way.Head("GET", "/"))).Status);
        }
    }

    private static async Task<RawConnection> SendAsync(Way way, string method, params string[] headers)
    {
        var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head(method, "/", headers));
        return visitor;
    }

    private static void Leave(RawConnection visitor, string how)
    {
        if (how.StartsWith("reset", StringComparison.Ordinal))
        {
            visitor.Reset();
        }
        else
        {
            visitor.Dispose();
        }
    }

    private static async Task<bool> ReadBodyAsync(RawConnection visitor, bool withLength)
    {
        if (withLength)
        {
            await visitor.ReadAsync(1000);
            return true;
        }

        while ((await visitor.ReadChunkAsync()).Length > 0)
        {
        }

        return true;
    }

    private static async Task Within(Task task) => await task.ContinueWith(_ => true, TunnelPair.Stop).Within(Bound);
}
