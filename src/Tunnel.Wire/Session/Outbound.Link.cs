using System.Buffers;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Session;

/// <summary>The link that takes the messages now, and what it is given next: the control lane first, then the log.</summary>
internal sealed partial class Outbound
{
    private LinkSender? _sender; // of the current link, if there is one
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
            _measuredFrom = time.GetTimestamp();
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
        lock (_gate)
        {
            if (_sender is not { IsSending: false, HasSaidClose: false } idle || !HasWork())
            {
                return;
            }

            sender = idle;
            sender.IsSending = true;
        }

        _ = sender.SendAsync(once: true);
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
                    var buffer = ArrayPool<byte>.Shared.Rent(ControlOutbox.MessageSize);
                    control = new ArraySegment<byte>(buffer, 0, _control.Write(buffer));
                    sender.HasSaidClose = _control.HasSaidClose;
                    return true;
                }

                Fill();
                if (_log.TryTake(out piece))
                {
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
