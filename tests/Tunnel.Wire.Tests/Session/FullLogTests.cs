using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>What waits while the log is full.</summary>
public sealed class FullLogTests
{
    private const int HeadSize = 60_000;
    private const int LogOfBulk = WireDefaults.InitialLogBound - WireDefaults.MaxDataPayload; // the frames' headers take the rest

    [Fact]
    public async Task Head_ThatWasRefused_HearsOfRoomWhileAnUploadKeepsTheLogFull()
    {
        await using var pair = new PeerPair(budget: 4 * WireDefaults.CreditFloor); // none for the log's growth
        var (upload, writing) = await FillAsync(pair);
        var refused = new TaskCompletionSource<Exchange>();
        using (upload)
        {
            Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen(new byte[HeadSize], FrameFlags.End, out var first));
            Assert.Equal(OpenOutcome.NotNow, pair.Session.TryOpen(new byte[HeadSize], FrameFlags.End, out _));
            pair.Session.Changed += session =>
            {
                if (session.TryOpen(new byte[HeadSize], FrameFlags.End, out var exchange) == OpenOutcome.Opened)
                {
                    refused.SetResult(exchange!);
                }
            };

            pair.Peer.Acks = true;
            await pair.Peer.ExpectBody(1, count: 64 * WireDefaults.MaxDataPayload);

            Assert.False(writing.IsCompleted, "The upload was too small for this test.");
            using var second = await refused.Task.InTime();
            first!.Dispose();
            upload.Abort(ErrorCode.Cancelled);
            Assert.False(await writing.InTime());
        }
    }

    [Fact]
    public async Task Writer_ThatIsStoppedWhileItWaitsForRoom_HasItsMemoryBack()
    {
        await using var pair = new PeerPair(budget: 4 * WireDefaults.CreditFloor);
        var memory = new byte[5_000_000];
        var (upload, writing) = await FillAsync(pair, memory);
        using (upload)
        {
            await pair.Peer.Send(PlainFrame.Stop(1, 0));
            Assert.False(await writing.InTime());
            memory.AsSpan().Fill(0xEE);

            pair.Peer.Acks = true;
            var sent = await pair.Peer.ExpectBody(1, count: LogOfBulk);
            Assert.False(sent.Contains((byte)0xEE), "Memory was sent that is the writer's again.");
            await pair.Peer.ExpectQuiet(); // there is room now, and nothing that waits for it
            upload.End();
            await pair.Peer.ExpectFrame(PlainFrameType.Reset, stream: 1);
        }
    }

    /// <summary>An exchange with a write that waits for room: the peer has given it credit, and acknowledges nothing.</summary>
    private static async Task<(Exchange Upload, Task<bool> Writing)> FillAsync(PeerPair pair, byte[]? body = null)
    {
        Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen([1], FrameFlags.None, out var upload));
        await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 1);
        await pair.Peer.SendControl(new PlainRecord.Credit(1, 100_000_000));
        await pair.Peer.ExpectQuiet();
        var writing = upload!.WriteAsync(body ?? new byte[5_000_000]).AsTask();
        await pair.Session.Outbound.WhenIdleAsync().InTime(); // sent as far as the log goes
        return (upload, writing);
    }
}
