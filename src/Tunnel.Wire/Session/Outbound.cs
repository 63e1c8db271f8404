using System.Buffers;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Session;

/// <summary>
/// The sending side of a session, over all its links: the log, the exchanges that wait for room in it, and the control lane. One lock
/// guards all of it, and is held for moments; sending itself happens outside.
/// </summary>
internal sealed partial class Outbound(MemoryBudget budget, TimeProvider time, IOutboundOwner owner)
{
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private readonly OutboundLog _log = new(budget);
    private readonly Scheduler _scheduler = new();
    private readonly ControlOutbox _control = new();
    private bool _closed;
    private int? _roomAwaited; // the length of the smallest head that was refused for want of room
    private long _measuredFrom; // the start of the stretch over which acks are measured
    private long _lapEnd; // the lap ends when this offset is acknowledged
    private long _lapFrom; // when that time began
    private TaskCompletionSource? _acknowledged;

    /// <summary>Whether something waits for the peer's acknowledgement.</summary>
    public bool IsUnacknowledged
    {
        get
        {
            lock (_gate)
            {
                return _log.Held > 0;
            }
        }
    }

    /// <summary>
    /// Adds the head that opens an exchange, unless the log is full: then the session tells when there is room again.
    /// </summary>
    public bool TryOpen(OutboundStream stream, FrameFlags flags, ReadOnlySpan<byte> head)
    {
        lock (_gate)
        {
            if (_closed || !_log.HasRoomForHead(head.Length))
            {
                _roomAwaited = Math.Min(_roomAwaited ?? head.Length, head.Length);
                return false;
            }

            _log.Append(new FrameHeader(FrameType.Head, flags, stream.Id, head.Length), head);
            return true;
        }
    }

    /// <summary>Adds a frame that is not data. It never overtakes one of its exchange, and a head may wait for room.</summary>
    public void WriteFrame(OutboundStream stream, FrameType type, FrameFlags flags, ReadOnlySpan<byte> payload, bool flush)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            var header = new FrameHeader(type, flags, stream.Id, payload.Length);
            if (type == FrameType.Reset)
            {
                // What waited would have been before it; the receiver would have discarded it.
                stream.DropData();
                budget.Release(stream.DropHeads());
            }

            if (stream.HasHeads || (type == FrameType.Head && !_log.HasRoomForHead(payload.Length)))
            {
                Keep(stream, header, payload);
            }
            else
            {
                _log.Append(header, payload);
                if (_log.IsOverflowing)
                {
                    owner.OnOverflow();
                }
            }
        }

        if (flush)
        {
            Flush();
        }
    }

    /// <summary>Adds a piece of body as far as there is room; the rest waits where it is, and its writer is woken when it is gone.</summary>
    /// <returns>Whether all of it is in the log.</returns>
    public bool WriteData(OutboundStream stream, ReadOnlyMemory<byte> data, bool end, bool flush)
    {
        bool waits;
        lock (_gate)
        {
            if (_closed)
            {
                return true;
            }

            stream.KeepData(data, end);
            if (stream.HasHeads || !_scheduler.IsEmpty)
            {
                _scheduler.Enqueue(stream);
                Fill();
            }
            else
            {
                while (stream.HasData && TryMove(stream))
                {
                }

                if (stream.HasData)
                {
                    _scheduler.Enqueue(stream);
                }
            }

            waits = stream.HasData;
        }

        if (flush || waits)
        {
            Flush();
        }

        return !waits;
    }

    /// <summary>Whether a piece of body still waits; its memory is not the writer's then.</summary>
    public bool IsWaiting(OutboundStream stream)
    {
        lock (_gate)
        {
            return stream.HasData;
        }
    }

    /// <summary>Gives a writer its memory back: what waits of its body is not sent.</summary>
    public void DropData(OutboundStream stream)
    {
        lock (_gate)
        {
            stream.DropData();
        }
    }

    /// <summary>Tells the peer how far it may send on an exchange.</summary>
    public void Credit(OutboundStream stream, long limit)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _control.Credit(stream, limit);
        }

        Flush();
    }

    public void Ack(long received) => Say(received, static (control, offset) => control.Ack(offset));

    public void Ping(ulong nonce) => Say(nonce, static (control, value) => control.Ping(value));

    public void Pong(ulong nonce) => Say(nonce, static (control, value) => control.Pong(value));

    public void GoAway(uint lastId) => Say(lastId, static (control, id) => control.GoAway(id, ErrorCode.Going));

    public void SayClose(ErrorCode code) => Say(code, static (control, value) => control.Close(value));

    /// <summary>The peer has received the sequence up to here.</summary>
    /// <returns>Whether that is news.</returns>
    /// <exception cref="WireFormatException">It was never sent.</exception>
    public bool Acknowledged(long offset)
    {
        bool hasRoom;
        lock (_gate)
        {
            var before = _log.Held;
            if (_closed || !_log.Acknowledge(offset))
            {
                return false;
            }

            Measure(before - _log.Held);
            Grow();
            Fill();
            CompleteIfAcknowledged();

            // Data fills the log up to its bound again and again, so it would be no use to wait until there is less in it.
            hasRoom = _roomAwaited is { } length && _log.HasRoomForHead(length);
            _roomAwaited = hasRoom ? null : _roomAwaited;
        }

        if (hasRoom)
        {
            owner.OnRoom();
        }

        Flush();
        return true;
    }

    /// <summary>Completes when the peer has received everything that was written.</summary>
    public Task WhenAcknowledgedAsync()
    {
        lock (_gate)
        {
            if (_closed || IsDrained())
            {
                return Task.CompletedTask;
            }

            _acknowledged ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _acknowledged.Task;
        }
    }

    /// <summary>Called now and then: gives back what an idle log had grown by.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            _log.TrimIfEmpty();
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _sender = null;
            _log.Close();
            while (_scheduler.TryPeek(out var stream))
            {
                stream.DropData();
                budget.Release(stream.DropHeads());
                _scheduler.Advance();
            }

            _acknowledged?.TrySetResult();
            CompleteIdle();
        }
    }

    private bool IsDrained() => _log.Held == 0 && _scheduler.IsEmpty;

    private void CompleteIfAcknowledged()
    {
        if (_acknowledged is not null && IsDrained())
        {
            _acknowledged.TrySetResult();
            _acknowledged = null;
        }
    }

    private void Say<T>(T value, Action<ControlOutbox, T> say)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            say(_control, value);
        }

        Flush();
    }

    private void Keep(OutboundStream stream, in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var memory = stream.KeepFrame(header, payload);
        if (memory > 0 && !budget.TryReserve(memory))
        {
            // The budget is what everybody lives from; one exchange less is the smaller harm.
            budget.Release(stream.DropHeads() - memory);
            stream.DropData();
            _log.Append(new FrameHeader(FrameType.Reset, FrameFlags.None, stream.Id, 1), [(byte)ErrorCode.Failed]);
            stream.SignalRoom();
            return;
        }

        _scheduler.Enqueue(stream);
    }

    /// <summary>Moves what waits into the log, in turns, for as long as there is room.</summary>
    private void Fill()
    {
        while (_scheduler.TryPeek(out var stream) && TryMove(stream))
        {
            _scheduler.Advance();
            if (!stream.IsWaiting)
            {
                stream.SignalRoom();
            }
        }
    }

    /// <summary>Moves one of a stream's heads, or a quantum of its body.</summary>
    private bool TryMove(OutboundStream stream)
    {
        if (stream.HasHeads)
        {
            var frame = stream.NextFrame;
            if (!_log.HasRoomForHead(frame.Length))
            {
                return false;
            }

            _log.AppendEncodedHead(frame);
            budget.Release(stream.FrameTaken(frame.Length));
            return true;
        }

        // Bulk whose turn is due goes by the whole bound: those who wait for that turn have room, and would wait for the path.
        var count = Math.Min(stream.Data.Length, WireDefaults.MaxDataPayload);
        if (!_log.HasRoomForData(count, isBulk: !Scheduler.IsYoung(stream) && !_scheduler.IsYoungHeldUp))
        {
            return false;
        }

        var data = stream.Data.Span[..count];
        var isLast = stream.DataTaken(count);
        var flags = isLast && stream.EndsWithData ? FrameFlags.End : FrameFlags.None;
        _log.Append(new FrameHeader(FrameType.Data, flags, stream.Id, count), data);
        return true;
    }

    /// <summary>
    /// Lets the log grow when it was full, and all that was on its way has been acknowledged within two round trips: then the path holds as
    /// much. Growth without that look at the time would only be a queue in the network, in front of everybody.
    /// </summary>
    private void Grow()
    {
        if (_log.Acknowledged < _lapEnd)
        {
            return;
        }

        var now = time.GetTimestamp();
        _log.EndLap(PathTime.PaceOf(time.GetElapsedTime(_lapFrom, now), owner.RoundTrip));
        _lapFrom = now;
        _lapEnd = _log.SentTo;
    }

    /// <summary>When the last lap ended, nothing more was on its way: the time from then until now is the applications', and not the path's.</summary>
    private void BeginLapAfterSilence()
    {
        if (_log.Acknowledged >= _lapEnd)
        {
            _lapFrom = time.GetTimestamp();
            _lapEnd = _log.SentTo;
        }
    }

    /// <summary>Adapts the message size to the rate that acknowledgements show.</summary>
    private void Measure(long count)
    {
        var elapsed = time.GetElapsedTime(_measuredFrom);
        if (count >= WireDefaults.FastMessageSize / 2)
        {
            _log.MessageSize = count >= WireDefaults.FastRate * elapsed.TotalSeconds
                ? WireDefaults.FastMessageSize
                : WireDefaults.SlowMessageSize;
        }

        _measuredFrom = time.GetTimestamp();
    }
}

