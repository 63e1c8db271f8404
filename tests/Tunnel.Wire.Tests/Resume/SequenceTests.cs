using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Tests.Resume;

/// <summary>The log and its receiving end, joined by a link that loses, repeats, cuts and acknowledges at random.</summary>
public sealed class SequenceTests
{
    [Fact]
    public void Frames_OverLinksThatAreCutAtRandom_ArriveOnceAndInOrder()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var budget = new MemoryBudget(64 * 1024 * 1024);
            var log = new OutboundLog(budget);
            var inbound = new InboundSequence();
            var sent = new List<(FrameHeader, byte[])>();
            var arrived = new List<(FrameHeader, byte[])>();
            for (var step = 0; step < 60; step++)
            {
                switch (random.Next(8))
                {
                    case < 3:
                        var payload = new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(40), 2 => random.Next(3000), _ => WireDefaults.MaxDataPayload }];
                        random.NextBytes(payload);
                        var header = new FrameHeader(FrameType.Data, random.Next(2) == 0 ? FrameFlags.End : FrameFlags.None, (uint)random.Next(1, 1 << 30), payload.Length);
                        log.Append(header, payload);
                        sent.Add((header, payload));
                        break;
                    case < 6:
                        Deliver(log, inbound, arrived, random);
                        break;
                    case 6:
                        log.Acknowledge(inbound.Received);
                        break;
                    default:
                        // The link is cut: what was taken and not delivered is lost; the next link begins where the receiver stands.
                        if (log.TryTake(out var lost))
                        {
                            lost.Segment.Release();
                        }

                        log.Rewind(inbound.Received);
                        break;
                }
            }

            log.Rewind(inbound.Received);
            while (Deliver(log, inbound, arrived, random))
            {
            }

            log.Acknowledge(inbound.Received);
            Assert.True(sent.Count == arrived.Count, $"seed {seed}");
            Assert.All(sent.Zip(arrived), pair =>
            {
                Assert.Equal(pair.First.Item1, pair.Second.Item1);
                Assert.Equal(pair.First.Item2, pair.Second.Item2);
            });
            Assert.Equal(0, log.Held);
            log.Close();
            Assert.Equal(0, budget.Reserved);
        }
    }

    [Fact]
    public void Piece_BehindAGap_IsRefused()
    {
        var inbound = new InboundSequence();
        Assert.Throws<LinkException>(() => inbound.Accept(1, [1, 2]).Length);
    }

    [Fact]
    public void Acknowledgement_OfWhatWasNeverSent_IsRefused()
    {
        var log = new OutboundLog(new MemoryBudget(1024));
        log.Append(new FrameHeader(FrameType.Data, FrameFlags.None, 1, 3), [1, 2, 3]);
        Assert.Throws<WireFormatException>(() => log.Acknowledge(1));
        Assert.True(log.TryTake(out _));
        Assert.True(log.Acknowledge(1));
        Assert.Throws<WireFormatException>(() => log.Rewind(0));
    }

    [Fact]
    public void Log_ThatWasFullWhenAcksCome_GrowsWithinTheBudgetAndGivesItBack()
    {
        var budget = new MemoryBudget(WireDefaults.InitialLogBound);
        var log = new OutboundLog(budget);
        Fill(log);
        Assert.True(log.Held <= WireDefaults.InitialLogBound);
        log.Acknowledge(log.SentTo);
        log.EndLap(LapPace.Quick);
        Assert.Equal(2 * WireDefaults.InitialLogBound, log.Bound);
        Assert.Equal(WireDefaults.InitialLogBound, budget.Reserved);

        Fill(log);
        log.Acknowledge(log.SentTo);
        log.EndLap(LapPace.Quick);
        Assert.Equal(2 * WireDefaults.InitialLogBound, log.Bound); // the budget has no more

        log.TrimIfEmpty();
        Assert.Equal(0, budget.Reserved);
    }

    private static void Fill(OutboundLog log)
    {
        var payload = new byte[WireDefaults.MaxDataPayload];
        while (log.HasRoomForData(payload.Length, isBulk: true))
        {
            log.Append(new FrameHeader(FrameType.Data, FrameFlags.None, 1, payload.Length), payload);
            while (log.TryTake(out var piece))
            {
                piece.Segment.Release();
            }
        }
    }

    private static bool Deliver(OutboundLog log, InboundSequence inbound, List<(FrameHeader, byte[])> arrived, Random random)
    {
        if (!log.TryTake(out var piece))
        {
            return false;
        }

        var times = random.Next(10) == 0 ? 2 : 1; // a repeated message does no harm
        for (var time = 0; time < times; time++)
        {
            var rest = new OutgoingMessage(piece.Memory).Message.Span;
            var offset = Message.ReadDataHeader(ref rest, out _);
            while (!rest.IsEmpty)
            {
                // A peer may cut the sequence into messages as it likes, in the middle of a frame's header as well.
                var count = random.Next(3) == 0 ? Math.Min(rest.Length, random.Next(1, 12)) : rest.Length;
                var bytes = inbound.Accept(offset, rest[..count]);
                while (inbound.TryReadFrame(ref bytes, out var header, out var payload))
                {
                    arrived.Add((header, payload.ToArray()));
                }

                offset += count;
                rest = rest[count..];
            }
        }

        piece.Segment.Release();
        return true;
    }
}
