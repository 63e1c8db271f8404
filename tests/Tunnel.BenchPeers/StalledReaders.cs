using System.Diagnostics;
using System.Net.Sockets;
using Tunnel.BenchApp;

namespace Tunnel.BenchPeers;

/// <summary>
/// Visitors that download without an end and read next to nothing. Receive buffers and segments are as small as on a real network, so that
/// what they do not take stands in the servers: with loopback's segments of 64 KiB Linux begins with send buffers of 2.6 MB each, and a
/// thousand of them are all the memory that it has for TCP. One thread serves them all in turns.
/// </summary>
internal sealed class StalledReaders(Uri url, int readers, int bytesPerSecond)
{
    private const int ReceiveBuffer = 8 * 1024;
    private const int Tcp = 6; // IPPROTO_TCP
    private const int LinuxMaxSegment = 2; // TCP_MAXSEG
    private const int SegmentSize = 1460;
    private const int TurnsPerSecond = 2; // of each reader
    private const int Groups = 25; // a turn is spread over as many steps, so that they do not all read in the same instant
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10); // the servers' windows and buffers fill and shrink

    private readonly List<Reader> _readers = [];
    private readonly byte[] _buffer = new byte[64 * 1024];

    public sealed record Result(double SlowestBytesPerSecond);

    public Result Run(TimeSpan duration)
    {
        try
        {
            while (_readers.Count < readers)
            {
                _readers.Add(new Reader(url));
            }

            ReadFor(Settling);
            Console.WriteLine("standing");
            var before = _readers.Select(static reader => reader.Received).ToList();
            var clock = Stopwatch.StartNew();
            ReadFor(duration);
            return new Result(_readers.Zip(before, static (reader, then) => reader.Received - then).Min() / clock.Elapsed.TotalSeconds);
        }
        finally
        {
            _readers.ForEach(static reader => reader.Dispose());
        }
    }

    private void ReadFor(TimeSpan duration)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
        {
            for (var group = 0; group < Groups; group++)
            {
                for (var i = group; i < _readers.Count; i += Groups)
                {
                    _readers[i].Read(_buffer.AsSpan(0, bytesPerSecond / TurnsPerSecond));
                }

                Thread.Sleep(1000 / TurnsPerSecond / Groups);
            }
        }
    }

    private sealed class Reader : IDisposable
    {
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = ReceiveBuffer,
            ReceiveTimeout = 30_000,
        };

        /// <summary>Waits for the head, so that readers come one after another and not as a crowd.</summary>
        public Reader(Uri url)
        {
            _socket.SetRawSocketOption(Tcp, LinuxMaxSegment, BitConverter.GetBytes(SegmentSize));
            _socket.Connect(url.Host, url.Port);
            _socket.Send(RawHttp.Head("GET", url));
            ReadHead();
            _socket.Blocking = false;
        }

        public long Received { get; private set; }

        public void Read(Span<byte> buffer)
        {
            var count = _socket.Receive(buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            if (error != SocketError.Success || count == 0 || !buffer[..count].SequenceEqual(Pattern.At(Received, count).Span))
            {
                throw new InvalidDataException($"A stalled reader got {count} bytes after {Received} that are wrong, or the end ({error}).");
            }

            Received += count;
        }

        public void Dispose() => _socket.Dispose();

        // Byte by byte, so that it ends where the body begins.
        private void ReadHead()
        {
            var head = new List<byte>();
            var next = new byte[1];
            while (head is not [.., 13, 10, 13, 10])
            {
                if (_socket.Receive(next) == 0)
                {
                    throw new EndOfStreamException("A stalled reader got no answer.");
                }

                head.Add(next[0]);
            }

            var text = System.Text.Encoding.ASCII.GetString([.. head]);
            if (!text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
            {
                throw new InvalidDataException($"A stalled reader was answered: {text}");
            }
        }
    }
}
