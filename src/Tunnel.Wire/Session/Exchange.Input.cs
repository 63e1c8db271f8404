using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>What arrives: heads, then a body, then perhaps trailers.</summary>
internal sealed partial class Exchange
{
    private readonly Signal _headSignal = new();
    private ReceivedHeads _heads;
    private ReceivedHead _trailers;
    private ReceiveWindow _window;
    private Pipe? _body; // rented with the first byte of body; the receiving loop writes under _gate, Input reads
    private bool _inputEnded; // nothing more is taken in
    private bool _inputComplete; // and what was taken in is the whole message
    private bool _inputStopped;
    private ErrorCode? _inputError; // the peer broke its message off
    private bool _unflushed;
    private long _unreadHeads; // bytes
    private long _headsReceived;

    /// <summary>The body that arrives. Completes at the message's end; fails with <see cref="ExchangeException"/> when it was cut short.</summary>
    public ExchangeInput Input { get; }

    /// <summary>Whether the message was complete when this was asked, with nothing of a body left to come.</summary>
    public bool InputEndedWithoutBody
    {
        get
        {
            lock (_gate)
            {
                return _inputComplete && _body is null;
            }
        }
    }

    /// <summary>Waits for the next head. The caller disposes it.</summary>
    /// <exception cref="ExchangeException">The exchange ended without one.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReceivedHead> ReadHeadAsync()
    {
        while (true)
        {
            if (TryReadHead(out var head))
            {
                return head;
            }

            await _headSignal.WaitAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Takes a head that is already there.</summary>
    public bool TryReadHead(out ReceivedHead head)
    {
        lock (_gate)
        {
            if (_heads.TryDequeue(out head))
            {
                HeadRead(head.Length);
                return true;
            }

            // A message that has ended has no further head, not even the one that it owes.
            return (_error ?? _inputError ?? (_inputEnded ? ErrorCode.Failed : null)) is { } code ? throw new ExchangeException(code) : false;
        }
    }

    /// <summary>Takes the trailer section, if there was one. The caller disposes it.</summary>
    public bool TryReadTrailers(out ReceivedHead trailers)
    {
        lock (_gate)
        {
            trailers = _trailers;
            _trailers = default;
            HeadRead(trailers.IsPresent ? trailers.Length : 0);
            return trailers.IsPresent;
        }
    }

    /// <summary>Reads no more; what still arrives is dropped.</summary>
    public void StopReading(ErrorCode code)
    {
        lock (_gate)
        {
            // Whoever was told to give the exchange up says so too, unless the peer's message has ended (PROTOCOL.md, Streams).
            if (_inputStopped || _inputComplete || _inputError is not null || _error is ErrorCode.LinkLost)
            {
                return;
            }

            _inputStopped = true;
        }

        _session.Outbound.WriteFrame(_output, FrameType.Stop, FrameFlags.None, [(byte)code], flush: true);
    }

    /// <summary>Grants the credit that a request with <c>Expect: 100-continue</c> withheld, because the application reads now.</summary>
    internal void BeginReading() => SendCreditFor(consumed: 0);

    internal PipeReader? BodyReader
    {
        get
        {
            lock (_gate)
            {
                if (_body is null && !_inputEnded && _error is null && !_disposed)
                {
                    _body = BodyPipes.Rent();
                }

                return _body?.Reader;
            }
        }
    }

    /// <summary>
    /// Comes from any thread, also while the exchange is disposed: outside the lock the pipe could be another exchange's already, and the
    /// read that is cancelled another visitor's. The pipe runs nobody's code here, readers go on by the thread pool.
    /// </summary>
    internal void CancelPendingRead()
    {
        lock (_gate)
        {
            BodyReader?.CancelPendingRead();
        }
    }

    /// <summary>A message that was complete stays complete, whatever became of the exchange afterwards.</summary>
    internal void ThrowUnlessInputEnded()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_inputComplete)
            {
                throw new ExchangeException(_error ?? _inputError ?? ErrorCode.Failed);
            }
        }
    }

    internal void SendCreditFor(long consumed)
    {
        long limit;
        lock (_gate)
        {
            if (_inputEnded || _inputStopped || _error is not null)
            {
                return;
            }

            limit = _window.Consumed(consumed, _session.RoundTrip);
        }

        if (limit != 0)
        {
            _session.Outbound.Credit(_output, limit);
        }
    }

    internal void ReceiveHead(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (_inputEnded || _disposed)
            {
                return;
            }

            if (!_session.Pool.TryReserveHeads(_unreadHeads, _unreadHeads + payload.Length))
            {
                // One exchange less is the smaller harm.
                _inputError = ErrorCode.Failed;
                FailInput(ErrorCode.Failed);
                _unflushed = true;
                return;
            }

            _unreadHeads += payload.Length;
            if (header.IsTrailers)
            {
                _trailers = new ReceivedHead(payload);
            }
            else if (_heads.Count > WireDefaults.MaxWaitingHeads) // informational ones may stand before the final one
            {
                throw new WireFormatException("Too many informational heads.");
            }
            else
            {
                _heads.Enqueue(new ReceivedHead(payload));
                _headsReceived++;
            }

            EndInputIf(header.IsEnd);
            _unflushed = true;
        }
    }

    internal void ReceiveData(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (_inputEnded || _error is not null || _disposed)
            {
                return;
            }

            _window.Received(payload.Length);
            if (!payload.IsEmpty && !_inputStopped)
            {
                _body ??= BodyPipes.Rent();

                // In one segment: readers pass it on with as many writes as there are segments.
                payload.CopyTo(_body.Writer.GetSpan(payload.Length));
                _body.Writer.Advance(payload.Length);
            }

            EndInputIf(header.IsEnd);
            _unflushed = true;
        }
    }

    /// <summary>The peer sends no more, and what it sent is not the whole. The other direction goes on.</summary>
    internal void ReceiveReset(ErrorCode code)
    {
        lock (_gate)
        {
            if (_inputEnded || _inputStopped || _error is not null || _disposed)
            {
                return;
            }

            _inputError = code;
            FailInput(code);
        }

        _headSignal.Set();
    }

    /// <summary>Shows readers what arrived; called once per message of the link, so that a small response wakes its reader once.</summary>
    internal void FlushInput()
    {
        lock (_gate)
        {
            if (!_unflushed || _disposed)
            {
                return;
            }

            _unflushed = false;
            if (!_inputEnded && _body is not null)
            {
                // Completes at once: the pipe has no threshold.
                _ = _body.Writer.FlushAsync();
            }
        }

        _headSignal.Set();
    }

    private void EndInputIf(bool end)
    {
        if (end)
        {
            _inputEnded = true;
            _inputComplete = true;
            _body?.Writer.Complete();
        }
    }

    private void FailInput(ErrorCode code)
    {
        if (!_inputEnded)
        {
            _inputEnded = true;
            _body?.Writer.Complete(new ExchangeException(code));
        }
    }

    /// <summary>The memory of heads is the reader's now, or nobody's.</summary>
    private void HeadRead(long length)
    {
        _session.Pool.ReleaseHeads(_unreadHeads, _unreadHeads - length);
        _unreadHeads -= length;
    }

    private void ReleaseInput()
    {
        while (_heads.TryDequeue(out var head))
        {
            head.Dispose();
        }

        _trailers.Dispose();
        HeadRead(_unreadHeads);
        _window.Release();
        if (_body is { } body)
        {
            _body = null;
            if (Input.IsReading)
            {
                // An application left a read behind. It gets its exception; the pipe is the collector's.
                body.Writer.Complete(new ExchangeException(ErrorCode.Cancelled));
                return;
            }

            body.Writer.Complete();
            body.Reader.Complete();
            BodyPipes.Return(body);
        }
    }
}
