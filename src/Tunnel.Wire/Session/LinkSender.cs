using System.Buffers;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Session;

/// <summary>
/// Sends on one link what the session's sending side has for it, one message at a time. Whoever finds the link idle sends on its own
/// thread; whoever comes meanwhile is gathered into the next message.
/// </summary>
internal sealed class LinkSender(Outbound outbound, ILink link) : IThreadPoolWorkItem
{
    /// <summary>Whether a thread sends, or is on its way to. Guarded by the lock of <see cref="Outbound"/>.</summary>
    public bool IsSending { get; set; }

    /// <summary>
    /// The last message says that the session is over, and the link closes in order: another send would fail, and take down with it what the
    /// peer still sends. Guarded by the same lock.
    /// </summary>
    public bool HasSaidClose { get; set; }

    public void Abort() => link.Abort();

    void IThreadPoolWorkItem.Execute() => _ = SendAsync(once: false);

    /// <param name="once">The thread that sends its own frames does not go on to send everybody else's.</param>
    public async Task SendAsync(bool once)
    {
        try
        {
            while (outbound.TryTake(this, out var piece, out var control))
            {
                try
                {
                    await link.SendAsync(new OutgoingMessage(control.Array is null ? piece.Memory : control.AsMemory())).ConfigureAwait(false);
                }
                finally
                {
                    Release(piece, control);
                }

                if (once && outbound.HasMore(this))
                {
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }
            }
        }
        catch (Exception exception)
        {
            outbound.Failed(this, exception);
        }
    }

    private void Release(in LogPiece piece, ArraySegment<byte> control)
    {
        if (control.Array is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        else
        {
            outbound.Sent(piece);
        }
    }
}
