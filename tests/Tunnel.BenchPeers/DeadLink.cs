using System.Diagnostics;
using Tunnel.BenchApp;
using Tunnel.Testing;

namespace Tunnel.BenchPeers;

/// <summary>
/// An agent's link goes dead without a word during a download: nothing gets through in either direction, and no socket is closed, as when a
/// NAT forgets a connection. A new link gets through. The first line says the port that the agent has to dial.
/// </summary>
internal static class DeadLink
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <param name="RedialSeconds">From the silence to the agent's next dial.</param>
    /// <param name="AnswerSeconds">From the silence until a new visitor was answered.</param>
    /// <param name="StallSeconds">The longest that the download stood still, or -1 when it broke off.</param>
    /// <param name="Failure">Why the download broke off, or empty.</param>
    public sealed record Result(double RedialSeconds, double AnswerSeconds, double StallSeconds, string Failure);

    public static async Task<Result> MeasureAsync(Uri relay, string slug, TimeSpan before)
    {
        await using var proxy = CuttingProxy.Start(relay.Port);
        Console.WriteLine($"port {proxy.Port}");
        var hello = new Uri(relay, $"/t/{slug}/hello");
        await AnswerAsync(hello, Stopwatch.StartNew(), StartLimit);

        using var ends = new CancellationTokenSource();
        var download = Task.Run(() => Download(new Uri(relay, $"/t/{slug}/bytes/{1L << 40}"), ends.Token));
        await Task.WhenAny(download, Task.Delay(before));
        if (download.IsCompleted)
        {
            await download;
        }

        var links = proxy.Accepted;
        var clock = Stopwatch.StartNew();
        proxy.BlackHole(newOnesToo: false);
        var redial = RedialAsync(proxy, links, clock);
        var answer = AnswerAsync(hello, clock, Limit);
        var (redialled, answered) = (await redial, await answer);

        // Long enough for the download to go on, or for what is left of it to be given up.
        await Task.WhenAny(download, Task.Delay(before));
        await ends.CancelAsync();
        var (stall, failure) = await download;
        return new Result(redialled, answered, stall, failure);
    }

    private static async Task<double> RedialAsync(CuttingProxy proxy, int links, Stopwatch clock)
    {
        while (proxy.Accepted == links)
        {
            if (clock.Elapsed > Limit)
            {
                throw new IOException($"The agent did not dial again within {Limit.TotalSeconds} s.");
            }

            await Task.Delay(20);
        }

        return clock.Elapsed.TotalSeconds;
    }

    // A visitor whose request went into the dead link waits with it; one that comes then does not stand in line behind him.
    private static async Task<double> AnswerAsync(Uri url, Stopwatch clock, TimeSpan limit)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(url);
                if (answer.IsSuccessStatusCode)
                {
                    return clock.Elapsed.TotalSeconds;
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
            }

            if (clock.Elapsed > limit)
            {
                throw new IOException($"{url} was not answered within {limit.TotalSeconds} s.");
            }

            await Task.Delay(100);
        }
    }

    private static (double Stall, string Failure) Download(Uri url, CancellationToken ends)
    {
        try
        {
            using var connection = new RawHttp(url, Limit);
            connection.Send(RawHttp.Head("GET", url));
            var length = connection.ReceiveHead();
            var buffer = new byte[Pattern.PieceLength];
            var (stall, last) = (TimeSpan.Zero, Stopwatch.GetTimestamp());
            for (long offset = 0; offset < length && !ends.IsCancellationRequested;)
            {
                var count = connection.Receive(buffer);
                var elapsed = Stopwatch.GetElapsedTime(last);
                (stall, last) = (elapsed > stall ? elapsed : stall, Stopwatch.GetTimestamp());
                if (!buffer.AsSpan(0, count).SequenceEqual(Pattern.At(offset, count).Span))
                {
                    return (-1, $"wrong bytes between {offset} and {offset + count}");
                }

                offset += count;
            }

            return (stall.TotalSeconds, "");
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidDataException)
        {
            return (-1, e.Message);
        }
    }
}
