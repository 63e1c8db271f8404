using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>
/// What the control lane has to say next: the latest value of each kind, so that nothing piles up on a link that takes nothing. Guarded by
/// the lock of the sending side.
/// </summary>
internal sealed class ControlOutbox
{
    /// <summary>What one message holds; more credit goes into the next.</summary>
    public const int MessageSize = 4092;

    private readonly Queue<OutboundStream> _credits = new(); // each exchange once
    private ulong? _ping;
    private ulong? _pong;
    private long? _ack;
    private (uint LastId, ErrorCode Code)? _goAway;
    private ErrorCode? _close;

    /// <summary>Whether the message that was written last says that the session is over.</summary>
    public bool HasSaidClose { get; private set; }

    public bool IsEmpty => _credits.Count == 0 && _ping is null && _pong is null && _ack is null && _goAway is null && _close is null;

    public void Ping(ulong nonce) => _ping = nonce;

    public void Pong(ulong nonce) => _pong = nonce;

    public void Ack(long offset) => _ack = offset;

    public void GoAway(uint lastId, ErrorCode code) => _goAway = (lastId, code);

    public void Close(ErrorCode code) => _close = code;

    public void Credit(OutboundStream stream, long limit)
    {
        if (stream.CreditToTell == 0)
        {
            _credits.Enqueue(stream);
        }

        // Limits only grow, but one that is said again for a new link may come here after a higher one.
        stream.CreditToTell = Math.Max(stream.CreditToTell, limit);
    }

    /// <summary>A link is gone, and with it what it was to be asked. The other values are said anew by whoever begins the next one.</summary>
    public void Clear()
    {
        _ping = _pong = null;
    }

    /// <summary>Writes one message and forgets what it says.</summary>
    public int Write(Span<byte> message)
    {
        message[0] = Message.Control;
        var length = 1;
        Add(message, ref length, ControlType.Ping, Take(ref _ping));
        Add(message, ref length, ControlType.Pong, Take(ref _pong));
        Add(message, ref length, ControlType.Ack, (ulong?)Take(ref _ack));
        while (_credits.Count > 0 && length <= MessageSize - (3 * ControlRecord.MaxSize))
        {
            var stream = _credits.Dequeue();
            Add(message, ref length, new ControlRecord(ControlType.Credit, stream.Id, (ulong)stream.CreditToTell));
            stream.CreditToTell = 0;
        }

        if (Take(ref _goAway) is { } goAway)
        {
            Add(message, ref length, new ControlRecord(ControlType.GoAway, goAway.LastId, (ulong)goAway.Code));
        }

        HasSaidClose = _close is not null;
        Add(message, ref length, ControlType.Close, (ulong?)Take(ref _close));
        return length;
    }

    private static T? Take<T>(ref T? value)
        where T : struct
    {
        var taken = value;
        value = null;
        return taken;
    }

    private static void Add(Span<byte> message, ref int length, ControlType type, ulong? value)
    {
        if (value is { } known)
        {
            Add(message, ref length, new ControlRecord(type, known));
        }
    }

    private static void Add(Span<byte> message, ref int length, in ControlRecord record) =>
        length += ControlCodec.Write(message[length..], record);
}
