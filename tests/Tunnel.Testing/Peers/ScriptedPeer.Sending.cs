namespace Tunnel.Testing;

internal sealed partial class ScriptedPeer
{
    /// <summary>Appends frames to this side's sequence and sends them, together in one message if they fit.</summary>
    public async Task Send(params PlainFrame[] frames)
    {
        _transcript.AddRange(frames.Select(frame => $"-> {frame}"));
        await SendSequence([.. frames.SelectMany(frame => frame.Encode())]);
    }

    /// <summary>Appends any bytes to this side's sequence: parts of frames, or what is no frame.</summary>
    public async Task SendSequence(byte[] bytes)
    {
        var start = Sent;
        _sent = [.. _sent, .. bytes];
        await SendAgain(start);
    }

    /// <summary>Sends the sequence once more from an offset, as after a resume. Frames may be cut anywhere.</summary>
    public async Task SendAgain(long from)
    {
        for (var offset = from; offset < Sent; offset += PieceSize)
        {
            await SendAt(offset + OffsetLie, _sent.AsSpan((int)offset, (int)Math.Min(PieceSize, Sent - offset)).ToArray(), WantsAcks);
        }
    }

    /// <summary>Sends a piece with any offset; this side's sequence knows nothing of it.</summary>
    public Task SendAt(long offset, byte[] bytes, bool ackWanted = false)
    {
        _transcript.Add($"-> {bytes.Length} bytes at offset {offset}{(ackWanted ? ", ack wanted" : "")}");
        return SendRaw(new PlainMessage.Data(offset, ackWanted, bytes).Encode());
    }

    /// <summary>Loses frames: they belong to this side's sequence and are not sent.</summary>
    public void Lose(params PlainFrame[] frames)
    {
        _transcript.AddRange(frames.Select(frame => $"-> {frame} (lost)"));
        _sent = [.. _sent, .. frames.SelectMany(frame => frame.Encode())];
    }

    /// <summary>Sends records in one message of the control lane.</summary>
    public Task SendControl(params PlainRecord[] records)
    {
        var message = new PlainMessage.Control(records);
        _transcript.Add($"-> {message}");
        return SendRaw(message.Encode());
    }

    /// <summary>Sends any bytes as one message.</summary>
    public Task SendRaw(byte[] message) => _link.SendAsync(message).AsTask().InTime();
}
