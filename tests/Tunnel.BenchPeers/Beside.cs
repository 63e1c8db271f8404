using System.Diagnostics;

namespace Tunnel.BenchPeers;

/// <summary>Small requests one after another on one connection while others saturate the same path.</summary>
internal static class Beside
{
    private const int Downloads = 4;

    public sealed record Result(int Requests, double P50Milliseconds, double P99Milliseconds, double BulkMegabytesPerSecond);

    public static Result Measure(Uri small, Uri bulk, long seconds)
    {
        long bytes = 0;
        Exception? failure = null;
        var stopping = false;
        var threads = Enumerable.Range(0, Downloads).Select(_ => new Thread(Download)).ToList();
        threads.ForEach(thread => thread.Start());

        // The downloads fill every buffer on the path before the first request counts.
        Thread.Sleep(TimeSpan.FromSeconds(1));
        var clock = Stopwatch.StartNew();
        var bytesBefore = Volatile.Read(ref bytes);
        SmallRequests.Result requests;
        double bulkRate;
        try
        {
            requests = SmallRequests.Measure(small, TimeSpan.FromSeconds(seconds));
            bulkRate = (Volatile.Read(ref bytes) - bytesBefore) / clock.Elapsed.TotalSeconds / 1e6;
        }
        finally
        {
            Volatile.Write(ref stopping, true);
            threads.ForEach(thread => thread.Join());
        }

        if (failure is not null)
        {
            throw new IOException($"A bulk download failed: {failure.Message}", failure);
        }

        return new Result(requests.Requests, requests.P50Milliseconds, requests.P99Milliseconds, bulkRate);

        void Download()
        {
            try
            {
                var buffer = new byte[64 * 1024];
                while (!Volatile.Read(ref stopping))
                {
                    using var connection = new RawHttp(bulk);
                    connection.Send(RawHttp.Head("GET", bulk));
                    for (var left = connection.ReceiveHead(); left > 0 && !Volatile.Read(ref stopping);)
                    {
                        var count = connection.Receive(buffer);
                        left -= count;
                        Interlocked.Add(ref bytes, count);
                    }
                }
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidDataException)
            {
                failure = e;
            }
        }
    }
}
