using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

public sealed class CloseTests
{
    [Fact]
    public async Task Close_WhileAResponseStreamsWithoutEnd_GivesItUpAndEndsInOrder()
    {
        var stopped = new TaskCompletionSource();
        await using var pair = new SessionPair(async exchange =>
        {
            exchange.SendHead([1]);
            while (await exchange.WriteAsync(new byte[4096]))
            {
            }

            stopped.SetResult();
        });
        using var exchange = pair.Open([1], FrameFlags.End)!;
        (await exchange.ReadHeadAsync().InTime()).Dispose();
        Assert.False((await exchange.Input.ReadAsync(TestContext.Current.CancellationToken)).IsCompleted);
        exchange.Input.AdvanceTo(default);

        await pair.Agent.CloseAsync().InTime();

        await stopped.Task.InTime();
        Assert.True((await pair.AgentRun.InTime()).IsInOrder);
        var end = await pair.RelayRun.InTime();
        Assert.Equal(ErrorCode.Going, end.Closed);
        Assert.True(end.IsInOrder);
    }

    [Fact]
    public async Task Close_AfterAResponse_LosesNothingOfIt()
    {
        var written = new TaskCompletionSource();
        await using var pair = new SessionPair(async exchange =>
        {
            exchange.SendHead([1]);
            await exchange.WriteAsync(new byte[10_000], end: true);
            written.SetResult();
        });
        using var exchange = pair.Open([1], FrameFlags.End)!;
        await written.Task.InTime();
        await pair.Agent.DrainAsync().InTime();

        await pair.Agent.CloseAsync().InTime();

        (await exchange.ReadHeadAsync().InTime()).Dispose();
        var read = await exchange.Input.ReadAtLeastAsync(10_000, TestContext.Current.CancellationToken);
        Assert.Equal(10_000, read.Buffer.Length);
    }
}
