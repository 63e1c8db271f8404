using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Session;

/// <summary>
/// Hands the frames of the received sequence to their exchanges. Readers are woken once for a piece and not for each frame, so that a small
/// response wakes its reader once. Guarded by the session's receiving lock.
/// </summary>
/// <param name="exchanges">The session's.</param>
/// <param name="handler">Takes what the peer opens; null where the peer opens nothing.</param>
/// <param name="opener">Makes what the peer opens.</param>
/// <param name="outbound">For refusals.</param>
internal sealed class FrameRouter(ExchangeTable exchanges, IExchangeHandler? handler, IExchangeOpener opener, Outbound outbound)
{
    private readonly List<Exchange> _touched = [];
    private readonly List<Exchange> _opened = [];

    /// <param name="inbound">Keeps what is left of an unfinished frame.</param>
    /// <param name="bytes">What it accepted.</param>
    public void Receive(InboundSequence inbound, ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (inbound.TryReadFrame(ref bytes, out var header, out var payload))
            {
                Route(header, payload);
            }
        }
        finally
        {
            // Also before a malformed frame: who opened an exchange waits for it to be answered or disposed.
            foreach (var exchange in _touched)
            {
                exchange.FlushInput();
            }

            _touched.Clear();
            foreach (var exchange in _opened)
            {
                handler!.OnOpened(exchange);
            }

            _opened.Clear();
        }
    }

    private void Route(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var exchange = exchanges.Find(header, handler is null ? null : opener, out var verdict);
        if (exchange is null)
        {
            if (verdict == FrameVerdict.Refused)
            {
                var refused = new OutboundStream(header.ExchangeId, NoWriter.Instance);
                outbound.WriteFrame(refused, FrameType.Reset, FrameFlags.None, [(byte)ErrorCode.Refused], flush: true);
            }

            return;
        }

        if (verdict == FrameVerdict.Opened)
        {
            _opened.Add(exchange);
        }

        switch (header.Type)
        {
            case FrameType.Head:
                exchange.ReceiveHead(header, payload);
                _touched.Add(exchange);
                break;
            case FrameType.Data:
                exchange.ReceiveData(header, payload);
                _touched.Add(exchange);
                break;
            case FrameType.Reset:
                exchange.ReceiveReset(CodeOf(payload[0]));
                break;
            case FrameType.Stop:
                exchange.ReceiveStop(CodeOf(payload[0]));
                break;
        }
    }

    /// <summary>An unknown code counts as a failure (PROTOCOL.md, Frames); some of those have a meaning that is nobody's but this side's.</summary>
    private static ErrorCode CodeOf(byte value) => value <= (byte)ErrorCode.Going ? (ErrorCode)value : ErrorCode.Failed;

    /// <summary>Stands for the writer of an exchange that was never opened here.</summary>
    private sealed class NoWriter : IRoomHandler
    {
        public static readonly NoWriter Instance = new();

        public void OnRoom()
        {
        }
    }
}
