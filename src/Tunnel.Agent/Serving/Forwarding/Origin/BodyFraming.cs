using System.Globalization;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>Where a response's body ends (RFC 9112 section 6.3).</summary>
internal abstract class BodyFraming
{
    /// <summary>Whether the whole body has been cut.</summary>
    public abstract bool IsComplete { get; }

    /// <summary>Whether the end of the connection is the end of the body; otherwise it is a body cut short.</summary>
    public virtual bool EndsWithConnection => false;

    /// <summary>Bytes of body that are to come, where the head has said it.</summary>
    public virtual long? Left => null;

    public virtual List<HeaderLine>? Trailers => null;

    /// <summary>Cuts the next piece of body off the front of <paramref name="rest"/>; <see langword="false"/> when none is there.</summary>
    public abstract bool TryCut(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> piece);

    /// <exception cref="OriginProtocolException">The head contradicts itself.</exception>
    public static BodyFraming Of(OriginResponseHead head, string method)
    {
        if (method == "HEAD" || head.StatusCode is < 200 or 204 or 304)
        {
            return new LengthFraming(0);
        }

        long? length = null;
        var chunked = false;
        foreach (var header in head.Headers)
        {
            if (header.Is("Transfer-Encoding"))
            {
                // Any other coding would have to be undone here, because the header does not travel on.
                chunked = !chunked && header.Value.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                    ? true
                    : throw new OriginProtocolException("The target uses a transfer coding other than chunked.");
            }
            else if (header.Is("Content-Length"))
            {
                length = long.TryParse(header.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && (length ?? value) == value
                    ? value
                    : throw new OriginProtocolException("The target sent an unusable Content-Length.");
            }
        }

        return chunked ? new ChunkedFraming()
            : length is { } known ? new LengthFraming(known)
            : new ConnectionFraming();
    }

    private sealed class LengthFraming(long left) : BodyFraming
    {
        private long _left = left;

        public override bool IsComplete => _left == 0;

        public override long? Left => _left;

        public override bool TryCut(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> piece)
        {
            piece = rest[..(int)Math.Min(_left, rest.Length)];
            rest = rest[piece.Length..];
            _left -= piece.Length;
            return !piece.IsEmpty;
        }
    }

    private sealed class ConnectionFraming : BodyFraming
    {
        public override bool IsComplete => false;

        public override bool EndsWithConnection => true;

        public override bool TryCut(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> piece)
        {
            piece = rest;
            rest = default;
            return !piece.IsEmpty;
        }
    }
}
