using System.Buffers;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Session;

/// <summary>The link that takes the messages now, and what it is given next: the control lane first, then the log.</summary>
internal sealed partial class Outbound
{
    private LinkSender? _sender; // of the current link, if there is one
    private long _flushedAt; // when a flush found the link idle last
    private TaskCompletionSource? _idle;

    /// <summary>The session's next link. It carries nothing before <see cref="Start"/>.</summary>
    /// <exception cref="WireFormatException">The peer's offset is impossible; all that the link can still carry is the control lane.</exception>
    public LinkSender Attach(ILink link, long peerReceived)
    {
        lock (_gate)
        {
            _control.Clear();
            _sender = new LinkSender(this, link);
            try
            {
                _log.Rewind(peerReceived);
            }
            catch (WireFormatException)
            {
                _log.Close();
                throw;
            }

            _sender.IsSending = true;
            _measuredFrom = _lapFrom = time.GetTimestamp();
            _lapEnd = _log.SentTo;
            CompleteIfAcknowledged();
            return _sender;
        }
    }

    /// <summary>What a link begins with has been said; now it gets that, and then what the one before did not deliver.</summary>
    public void Start(LinkSender sender)
    {
        lock (_gate)
        {
            sender.IsSending = false;
        }

        Flush();
    }

    /// <summary>From here on nothing is sent until the next link.</summary>
    public void Detach()
    {
        lock (_gate)
        {
            _sender = null;
            CompleteIdle();
        }
    }

    /// <summary>Sends what was written, if nobody does already.</summary>
    public void Flush()
    {
        LinkSender sender;
        bool gathers;
        lock (_gate)
        {
            if (_sender is not { IsSending: false, HasSaidClose: false } idle || !HasWork())
            {
                return;
            }

            sender = idle;
            sender.IsSending = true;
            gathers = Gathers();
        }

        if (gathers)
        {
            ThreadPool.UnsafeQueueUserWorkItem(sender, preferLocal: false);
            return;
        }

        _ = sender.SendAsync(once: true);
    }

    /// <summary>
    /// Whether others are about to write too, so that the send is left to a thread of its own: it then carries what is written until that has
    /// its turn, and at 64 connections half of an agent's processor time went into a send for each response. One visitor alone, whose
    /// latency the turn would be, never waits for it; nor does bulk, which fills messages anyway.
    /// </summary>
    private bool Gathers()
    {
        var before = _flushedAt;
        _flushedAt = time.GetTimestamp();
        return owner.OpenExchanges > 1 && _log.Unsent < WireDefaults.SlowMessageSize
            && time.GetElapsedTime(before, _flushedAt) < WireDefaults.DenseFlushes;
    }

    /// <summary>Completes when the link has been handed everything that there was for it, or is gone.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            if (_sender is not { IsSending: true })
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>The next message for a link. The sender gives it back with <see cref="Sent"/>, or returns the control message's buffer.</summary>
    internal bool TryTake(LinkSender sender, out LogPiece piece, out ArraySegment<byte> control)
    {
        lock (_gate)
        {
            piece = default;
            control = default;
            if (sender == _sender && !sender.HasSaidClose)
            {
                if (!_control.IsEmpty)
                {
                    var buffer = ArrayPool<byte>.Shared.Rent(OutgoingMessage.HeaderRoom + ControlOutbox.MessageSize);
                    control = new ArraySegment<byte>(
                        buffer, 0, OutgoingMessage.HeaderRoom + _control.Write(buffer.AsSpan(OutgoingMessage.HeaderRoom)));
                    sender.HasSaidClose = _control.HasSaidClose;
                    return true;
                }

                Fill();
                if (_log.TryTake(out piece))
                {
                    BeginLapAfterSilence();
                    return true;
                }
            }

            sender.IsSending = false;
            if (sender == _sender)
            {
                CompleteIdle();
            }

            return false;
        }
    }

    internal void Sent(in LogPiece piece)
    {
        lock (_gate)
        {
            piece.Segment.Release();
        }
    }

    internal bool HasMore(LinkSender sender)
    {
        lock (_gate)
        {
            return sender == _sender && HasWork();
        }
    }

    internal void Failed(LinkSender sender, Exception exception)
    {
        lock (_gate)
        {
            if (sender != _sender)
            {
                return;
            }

            _sender = null;
            CompleteIdle();
        }

        owner.OnSendFailed(exception);
        sender.Abort();
    }

    private bool HasWork()
    {
        Fill();
        return !_control.IsEmpty || _log.Unsent > 0;
    }

    private void CompleteIdle()
    {
        _idle?.TrySetResult();
        _idle = null;
    }
}
