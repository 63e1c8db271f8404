using System.Diagnostics;
using System.Globalization;
using Tunnel.BenchApp;

namespace Tunnel.BenchPeers;

/// <summary>One stream for a time, in one direction; the first seconds, in which windows grow, are told apart.</summary>
internal static class TimedStream
{
    /// <param name="MegabytesPerSecond">All of it: what arrived, over the time until it had.</param>
    /// <param name="SteadyMegabytesPerSecond">The same without the first seconds.</param>
    public sealed record Result(double MegabytesPerSecond, double SteadyMegabytesPerSecond);

    public static Result Measure(Uri url, bool up, TimeSpan duration, TimeSpan skip) =>
        up ? Upload(url, duration, skip) : Download(url, duration, skip);

    private static Result Download(Uri url, TimeSpan duration, TimeSpan skip)
    {
        using var connection = new RawHttp(url);
        var count = new Count(skip);
        connection.Send(RawHttp.Head("GET", url));
        var length = connection.ReceiveHead();
        var buffer = new byte[Pattern.PieceLength];
        while (count.Elapsed < duration && count.Bytes < length)
        {
            var received = connection.Receive(buffer);
            if (!buffer.AsSpan(0, received).SequenceEqual(Pattern.At(count.Bytes, received).Span))
            {
                throw new InvalidDataException($"Wrong bytes between {count.Bytes} and {count.Bytes + received}.");
            }

            count.Add(received);
        }

        return count.Read();
    }

    // Chunked, so that it can end when the time is over: only the server's count says what arrived. What was under way after the first
    // seconds counts as sent in them, and its time at the end does not; both are small beside the rest.
    private static Result Upload(Uri url, TimeSpan duration, TimeSpan skip)
    {
        using var connection = new RawHttp(url);
        var count = new Count(skip);
        connection.Send(RawHttp.Head("POST", url, "Transfer-Encoding: chunked", "Content-Type: application/octet-stream"));
        var chunk = Chunk();
        while (count.Elapsed < duration)
        {
            connection.Send(chunk);
            count.Add(Pattern.PieceLength);
        }

        connection.Send("0\r\n\r\n"u8);
        var answer = new byte[connection.ReceiveHead()];
        connection.ReceiveExactly(answer);
        var counted = long.Parse(answer, CultureInfo.InvariantCulture);
        return counted == count.Bytes
            ? count.Read()
            : throw new InvalidDataException($"The server counted {counted} of {count.Bytes} bytes.");
    }

    private static byte[] Chunk() =>
        [.. System.Text.Encoding.ASCII.GetBytes($"{Pattern.PieceLength:x}\r\n"), .. Pattern.At(0, Pattern.PieceLength).Span, .. "\r\n"u8];

    private sealed class Count(TimeSpan skip)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private (long Bytes, TimeSpan At)? _skipped;

        public long Bytes { get; private set; }

        public TimeSpan Elapsed => _clock.Elapsed;

        public void Add(int count)
        {
            Bytes += count;
            if (_skipped is null && Elapsed >= skip)
            {
                _skipped = (Bytes, Elapsed);
            }
        }

        public Result Read()
        {
            var elapsed = Elapsed;
            var (bytes, at) = _skipped ?? throw new InvalidDataException($"The stream ended after {elapsed.TotalSeconds:F1} s.");
            return new Result(Bytes / elapsed.TotalSeconds / 1e6, (Bytes - bytes) / (elapsed - at).TotalSeconds / 1e6);
        }
    }
}
