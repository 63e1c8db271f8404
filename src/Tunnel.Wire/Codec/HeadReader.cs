namespace Tunnel.Wire.Codec;

/// <summary>Reads one head, field by field, in the order of PROTOCOL.md. Does not copy; values become strings when asked for.</summary>
internal ref struct HeadReader(ReadOnlySpan<byte> head)
{
    private ReadOnlySpan<byte> _rest = head;

    /// <summary>Bytes that were not read yet.</summary>
    public readonly int Left => _rest.Length;

    public ulong Number() => Varint.Read(ref _rest);

    public string Text() => CachedText.Get(Bytes());

    /// <summary>The next header line, or <see langword="false"/> at the end of the head. Each char of the value is one octet of it.</summary>
    public bool TryHeader(out string name, out string value)
    {
        var isThere = TryHeaderOctets(out name, out var octets);
        value = CachedText.Latin1(octets);
        return isThere;
    }

    /// <summary>The next header line, with its value in the octets that its sender wrote.</summary>
    public bool TryHeaderOctets(out string name, out ReadOnlySpan<byte> value)
    {
        if (_rest.IsEmpty)
        {
            name = string.Empty;
            value = default;
            return false;
        }

        var number = _rest[0];
        _rest = _rest[1..];
        name = number == 0 ? HeaderNames.Parse(Bytes()) : HeaderNames.NameOf(number);
        value = Bytes();
        return !value.ContainsAny((byte)0, (byte)'\r', (byte)'\n')
            ? true
            : throw new WireFormatException("A header's value holds a control character.");
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
