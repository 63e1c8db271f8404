namespace Tunnel.Wire.Codec;

/// <summary>Reads one head, field by field, in the order of PROTOCOL.md. Does not copy; values become strings when asked for.</summary>
internal ref struct HeadReader(ReadOnlySpan<byte> head)
{
    private ReadOnlySpan<byte> _rest = head;

    public ulong Number() => Varint.Read(ref _rest);

    public string Text() => CachedText.Get(Bytes());

    /// <summary>The next header line, or <see langword="false"/> at the end of the head.</summary>
    public bool TryHeader(out string name, out string value)
    {
        if (_rest.IsEmpty)
        {
            name = value = string.Empty;
            return false;
        }

        var number = _rest[0];
        _rest = _rest[1..];
        name = number == 0 ? HeaderNames.Parse(Bytes()) : HeaderNames.NameOf(number);
        var bytes = Bytes();
        if (bytes.ContainsAny((byte)0, (byte)'\r', (byte)'\n'))
        {
            throw new WireFormatException("A header's value holds a control character.");
        }

        value = CachedText.Get(bytes);
        return true;
    }

    private ReadOnlySpan<byte> Bytes()
    {
        var length = Varint.Read(ref _rest);
        if (length > (ulong)_rest.Length)
        {
            throw new WireFormatException("A text does not fit into its head.");
        }

        var bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return bytes;
    }
}
