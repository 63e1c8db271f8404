namespace Tunnel.Wire.Session;

/// <summary>The right to be a session's next link. Taking one out fences the link before off.</summary>
/// <param name="epoch">The link's number in its session, from 1.</param>
/// <param name="received">The offset up to which the peer's sequence has been received.</param>
internal sealed class LinkTicket(int epoch, long received)
{
    private volatile bool _hasReceived;

    public int Epoch { get; } = epoch;

    public long Received { get; } = received;

    /// <summary>Whether a valid message has arrived on this link: then the peer knows this link's resume token.</summary>
    public bool HasReceived
    {
        get => _hasReceived;
        set => _hasReceived = value;
    }
}
