namespace Tunnel.Testing;

/// <summary>The receiving side of a sequence: puts pieces together and takes frames off, across messages and links.</summary>
internal sealed class PlainSequence
{
    private byte[] _rest = []; // received, and not a whole frame yet

    /// <summary>The offset up to which everything has come.</summary>
    public long Received { get; private set; }

    /// <summary>Adds a piece, without what has come before.</summary>
    public void Add(PlainMessage.Data piece)
    {
        if (piece.Offset > Received)
        {
            throw new PlainFormatException($"a piece begins at offset {piece.Offset}, and the sequence has come up to {Received}");
        }

        var known = (int)Math.Min(Received - piece.Offset, piece.Bytes.Length);
        _rest = [.. _rest, .. piece.Bytes.AsSpan(known)];
        Received += piece.Bytes.Length - known;
    }

    public PlainFrame? TryTake()
    {
        if (_rest.Length > 0 && PlainFrame.TryDecode(_rest, out var length) is { } frame)
        {
            _rest = _rest[length..];
            return frame;
        }

        return null;
    }
}
