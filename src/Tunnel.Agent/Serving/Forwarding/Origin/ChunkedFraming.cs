using System.Buffers.Text;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>A body in chunks, with perhaps trailers behind it (RFC 9112 section 7.1).</summary>
internal sealed class ChunkedFraming : BodyFraming
{
    private const int MaxSizeLine = 4096;

    private Part _part = Part.Size;
    private long _left;
    private List<HeaderLine>? _trailers;

    public override bool IsComplete => _part == Part.Nothing;

    public override List<HeaderLine>? Trailers => _trailers;

    public override bool TryCut(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> piece)
    {
        piece = default;
        while (_part != Part.Data)
        {
            if (_part == Part.Nothing || !TryPass(ref rest))
            {
                return false;
            }
        }

        piece = rest[..(int)Math.Min(_left, rest.Length)];
        rest = rest[piece.Length..];
        _left -= piece.Length;
        _part = _left == 0 ? Part.DataEnd : Part.Data;
        return !piece.IsEmpty;
    }

    /// <summary>Passes what stands between two pieces; <see langword="false"/> when not all of it is there.</summary>
    private bool TryPass(ref ReadOnlyMemory<byte> rest)
    {
        var lines = rest.Span;
        if (_part == Part.Trailers)
        {
            var trailers = new List<HeaderLine>();
            if (!HeaderSection.TryRead(ref lines, trailers))
            {
                return IncompleteUpTo(OriginConnection.MaxHeadSize, rest.Length);
            }

            _trailers = trailers.Count > 0 ? trailers : null;
            _part = Part.Nothing;
        }
        else if (!HeaderSection.TryReadLine(ref lines, out var line))
        {
            return IncompleteUpTo(MaxSizeLine, rest.Length);
        }
        else if (_part == Part.Size)
        {
            _left = ParseSize(line);
            _part = _left == 0 ? Part.Trailers : Part.Data;
        }
        else
        {
            _part = line.IsEmpty ? Part.Size : throw new OriginProtocolException("A chunk is longer than it says.");
        }

        rest = rest[^lines.Length..];
        return true;
    }

    /// <summary>The size in hexadecimal digits; extensions behind it mean nothing to us (RFC 9112 section 7.1.1).</summary>
    private static long ParseSize(ReadOnlySpan<byte> line)
    {
        if (!Utf8Parser.TryParse(line, out long size, out var digits, 'x') || size < 0
            || line[digits..].TrimStart(" \t"u8) is { IsEmpty: false } more && more[0] != ';')
        {
            throw new OriginProtocolException("The target sent a chunk without a size.");
        }

        return size;
    }

    private static bool IncompleteUpTo(int most, int length) =>
        length <= most ? false : throw new OriginProtocolException("A line between two chunks is too long.");

    private enum Part
    {
        Size,
        Data,
        DataEnd,
        Trailers,
        Nothing,
    }
}
