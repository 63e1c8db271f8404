using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>A visitor may take what he is sent as slowly as the hub's server allows.</summary>
public sealed class SlowVisitorTests
{
    [Fact]
    public async Task SlowDownload_HasTheTimeThatTheServersMinimumRateGives()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cutOff = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(async context =>
            {
                // Without an end, so that it fills every buffer on the way. The head goes first, and earns the visitor no time.
                context.Response.ContentLength = long.MaxValue;
                await context.Response.StartAsync();
                await asked.Task;
                var piece = new byte[64 * 1024];
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(piece);
                }
            }),
            hub =>
            {
                // A minute for 64 KiB, and a second and a bit, the least that Kestrel takes, for nothing.
                hub.Build = builder => builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.Limits.MinResponseDataRate = new MinDataRate(1000, TimeSpan.FromSeconds(1.1)));
                hub.Pipeline = app =>
                {
                    app.Use(next => context =>
                    {
                        if (context.Request.Path.StartsWithSegments(TunnelPair.Prefix))
                        {
                            context.RequestAborted.Register(() => cutOff.TrySetResult());
                        }

                        return next(context);
                    });
                    app.UseTunnelRelay();
                };
            });
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync("GET /t/demo/ HTTP/1.1\r\nHost: any.test\r\n\r\n");
        await visitor.ReadHeadAsync().Soon();
        asked.SetResult();

        // He reads nothing. The server looks once a second.
        await Assert.ThrowsAsync<TimeoutException>(() => cutOff.Task.WaitAsync(TimeSpan.FromSeconds(5), TunnelPair.Stop));
    }
}
