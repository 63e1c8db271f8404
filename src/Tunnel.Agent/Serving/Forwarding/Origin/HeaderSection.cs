using Tunnel.Wire.Codec;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>Reads the header or trailer lines of a response (RFC 9112 section 5).</summary>
internal static class HeaderSection
{
    /// <summary>Takes the lines up to and with the empty one. Returns <see langword="false"/> when not all of them are there yet.</summary>
    /// <exception cref="OriginProtocolException">A line is no header line.</exception>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, List<HeaderLine> lines)
    {
        while (TryReadLine(ref rest, out var line))
        {
            if (line.IsEmpty)
            {
                return true;
            }

            if (line[0] is (byte)' ' or (byte)'\t')
            {
                Unfold(lines, line);
            }
            else
            {
                lines.Add(Parse(line));
            }
        }

        return false;
    }

    /// <summary>A line without its end; a line feed alone ends one too (RFC 9112 section 2.2).</summary>
    public static bool TryReadLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        var end = rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            line = default;
            return false;
        }

        line = rest[..end];
        rest = rest[(end + 1)..];
        if (line is [.., (byte)'\r'])
        {
            line = line[..^1];
        }

        return true;
    }

    private static HeaderLine Parse(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        var name = colon > 0 ? CachedText.Latin1(line[..colon]) : string.Empty;
        var value = line[(colon + 1)..].Trim(" \t"u8);
        return Token.Is(name) && !value.ContainsAny((byte)0, (byte)'\r')
            ? new HeaderLine(name, CachedText.Latin1(value))
            : throw new OriginProtocolException("The target sent a header line that is none (RFC 9112 section 5).");
    }

    /// <summary>A proxy replaces an obsolete line fold by a space (RFC 9112 section 5.2).</summary>
    private static void Unfold(List<HeaderLine> lines, ReadOnlySpan<byte> line)
    {
        if (lines.Count == 0 || line.ContainsAny((byte)0, (byte)'\r'))
        {
            throw new OriginProtocolException("The target sent a header line that continues nothing (RFC 9112 section 5.2).");
        }

        lines[^1] = lines[^1] with { Value = $"{lines[^1].Value} {CachedText.Latin1(line.Trim(" \t"u8))}" };
    }
}
