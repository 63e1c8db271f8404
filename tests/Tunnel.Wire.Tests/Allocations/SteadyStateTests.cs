using System.Buffers.Binary;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Allocations;

/// <summary>What happens for every frame allocates nothing once it runs; segments of the log are one object for a thousand small frames.</summary>
public sealed class SteadyStateTests
{
    private const int Frames = 20_000;
    private const int Payload = 100;

    [Fact]
    public void Frame_FromTheLogToTheReader_AllocatesNothing()
    {
        var budget = new MemoryBudget(1024L * 1024 * 1024);
        var pool = new CreditPool(budget);
        Assert.True(pool.TryReserveFloor());
        var log = new OutboundLog(budget);
        var sequence = new InboundSequence();
        var window = new ReceiveWindow(pool, TimeProvider.System, withheld: false);
        var credit = new SendCredit(WireDefaults.CreditFloor);
        var payload = new byte[Payload];
        long before = 0; // acknowledged one message late, as on a link that always carries something

        AssertAllocatesNothing(() =>
        {
            credit.Sent(Payload);
            log.Append(new FrameHeader(FrameType.Data, FrameFlags.None, ExchangeId: 7, Payload), payload);
            log.TryTake(out var piece);
            ReadOnlySpan<byte> message = piece.Memory.Span[OutgoingMessage.HeaderRoom..];
            var offset = Message.ReadDataHeader(ref message, out _);
            var bytes = sequence.Accept(offset, message);
            while (sequence.TryReadFrame(ref bytes, out var header, out _))
            {
                window.Received(header.PayloadLength);
                credit.Raise(window.Consumed(header.PayloadLength, TimeSpan.FromMilliseconds(1)));
            }

            piece.Segment.Release();
            log.Acknowledge(before);
            before = piece.End;
        });
        Assert.True(sequence.Received > 0);
    }

    [Fact]
    public void Turn_OfTheScheduler_AllocatesNothing()
    {
        var scheduler = new Scheduler();
        var body = new byte[Payload];
        for (uint id = 1; id <= 8; id++)
        {
            var stream = new OutboundStream(id, new Nobody());
            stream.KeepData(body, end: false);
            scheduler.Enqueue(stream);
        }

        AssertAllocatesNothing(() =>
        {
            Assert.True(scheduler.TryPeek(out var stream));
            stream.DataTaken(Payload);
            stream.KeepData(body, end: false);
            scheduler.Advance();
        });
    }

    [Fact]
    public void Message_OfAnUpgradedLink_AllocatesNothing()
    {
        var bytes = new byte[4 + Payload];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (2u << 24) | Payload);
        var link = new UpgradedLink(new EndlessStream(bytes), static () => { }, TimeProvider.System);
        long received = 0;

        // Most messages are there after the read that brought the first of them. Waiting for it is left out: a debug build allocates for that.
        AssertAllocatesNothing(() => received += link.ReceiveAsync().Result.Length);
        Assert.Equal(3L * Frames * Payload, received);
    }

    /// <summary>Less than a byte a frame, in the best of three runs: the runtime compiles, and pools trim, when they like.</summary>
    private static void AssertAllocatesNothing(Action frame)
    {
        var least = Enumerable.Range(0, 3).Min(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Frames; i++)
            {
                frame();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.InRange(least, 0, Frames);
    }

    private sealed class Nobody : IRoomHandler
    {
        public void OnRoom()
        {
        }
    }
}
