using System.Diagnostics;
using System.Globalization;
using Tunnel.BenchApp;

namespace Tunnel.BenchPeers;

/// <summary>One stream of many bytes in one direction.</summary>
internal static class Bulk
{
    public sealed record Result(long Bytes, double Seconds)
    {
        public double MegabytesPerSecond => Bytes / Seconds / 1e6;
    }

    public static Result Download(Uri url, long bytes)
    {
        using var connection = new RawHttp(url);
        var clock = Stopwatch.StartNew();
        connection.Send(RawHttp.Head("GET", url));
        var length = connection.ReceiveHead();
        if (length != bytes)
        {
            throw new InvalidDataException($"{length} bytes are announced, not {bytes}.");
        }

        var buffer = new byte[Pattern.PieceLength];
        for (long offset = 0; offset < length;)
        {
            var count = connection.Receive(buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset)));
            if (!buffer.AsSpan(0, count).SequenceEqual(Pattern.At(offset, count).Span))
            {
                throw new InvalidDataException($"Wrong bytes between {offset} and {offset + count}.");
            }

            offset += count;
        }

        return new Result(bytes, clock.Elapsed.TotalSeconds);
    }

    public static Result Upload(Uri url, long bytes)
    {
        using var connection = new RawHttp(url);
        var clock = Stopwatch.StartNew();
        connection.Send(RawHttp.Head("POST", url, $"Content-Length: {bytes}", "Content-Type: application/octet-stream"));
        for (long offset = 0; offset < bytes;)
        {
            var piece = Pattern.At(offset, bytes - offset);
            connection.Send(piece.Span);
            offset += piece.Length;
        }

        var answer = new byte[connection.ReceiveHead()];
        connection.ReceiveExactly(answer);
        var counted = long.Parse(answer, CultureInfo.InvariantCulture);
        return counted == bytes
            ? new Result(bytes, clock.Elapsed.TotalSeconds)
            : throw new InvalidDataException($"The server counted {counted} of {bytes} bytes.");
    }
}
