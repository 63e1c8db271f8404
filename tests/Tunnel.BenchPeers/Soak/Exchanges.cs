using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Tunnel.BenchApp.Soak;

namespace Tunnel.BenchPeers.Soak;

/// <summary>The kinds of exchange that the soak does, each checked to the last byte. Returns the bytes of both directions' bodies.</summary>
internal static class Exchanges
{
    private const int Mebibyte = 1024 * 1024;
    private const int PieceLength = 64 * 1024;

    public static Task<long> SmallAsync(VisitorConnection connection, string prefix, Random random, CancellationToken limit) =>
        GetAsync(connection, prefix, random.Next(), random.Next(8 * 1024), limit);

    public static Task<long> DownloadAsync(VisitorConnection connection, string prefix, Random random, CancellationToken limit) =>
        GetAsync(connection, prefix, random.Next(), 50 * Mebibyte, limit);

    /// <summary>Sends a body while it comes back.</summary>
    public static async Task<long> EchoAsync(VisitorConnection connection, string prefix, Random random, CancellationToken limit)
    {
        const int Length = 8 * Mebibyte;
        long seed = random.Next();
        var chunked = random.Next(2) == 0;
        await connection.SendHeadAsync("POST", prefix + "/echo", limit, Framing(chunked, Length));
        var sending = SendBodyAsync(connection, seed, Length, chunked, hash: null, limit);
        try
        {
            await connection.ReceiveHeadAsync(limit);
            await CheckBodyAsync(connection, seed, Length, limit);
        }
        catch
        {
            connection.Dispose(); // or the sender would go on
            await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await sending;
        return 2L * Length;
    }

    /// <summary>Sends a body whose hash the app answers.</summary>
    public static async Task<long> UploadAsync(VisitorConnection connection, string prefix, Random random, CancellationToken limit)
    {
        long seed = random.Next();
        var chunked = random.Next(2) == 0;
        var length = random.Next(4) == 0 ? random.Next(64 * 1024) : random.Next(20 * Mebibyte);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await connection.SendHeadAsync("POST", prefix + "/soak/hash", limit, Framing(chunked, length));
        await SendBodyAsync(connection, seed, length, chunked, hash, limit);
        await connection.ReceiveHeadAsync(limit);
        var answer = Encoding.ASCII.GetString(await connection.ReceiveAllAsync(limit));
        var expected = string.Create(CultureInfo.InvariantCulture, $"{length} {Convert.ToHexString(hash.GetHashAndReset())}");
        return answer == expected ? length : throw new InvalidDataException($"The app got '{answer}' of '{expected}'.");
    }

    /// <summary>Takes events of which each has the next number.</summary>
    public static async Task<long> EventsAsync(VisitorConnection connection, string prefix, Random random, CancellationToken limit)
    {
        var count = random.Next(50, 150);
        await connection.SendHeadAsync("GET", $"{prefix}/sse?count={count}&interval=30", limit);
        await connection.ReceiveHeadAsync(limit);
        var text = Encoding.UTF8.GetString(await connection.ReceiveAllAsync(limit));
        var expected = string.Concat(Enumerable.Range(0, count).Select(number => $"event: tick\ndata: {number}\n\n"));
        return text == expected ? text.Length : throw new InvalidDataException($"Of {count} events came: {text.ReplaceLineEndings(" ")}");
    }

    public static async Task<long> MessagesAsync(Uri relay, string prefix, Random random, CancellationToken limit)
    {
        long seed = random.Next(1, int.MaxValue);
        var count = random.Next(20, 400);
        using var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        await socket.ConnectAsync(new Uri($"ws://{relay.Authority}{prefix}/soak/messages/{seed}/{count}"), limit);
        var receiving = NumberedMessages.ReceiveAsync(socket, seed, count, limit);
        try
        {
            await NumberedMessages.SendAsync(socket, -seed, count, limit);
        }
        catch (Exception) when (receiving.IsFaulted)
        {
            await receiving; // says more
        }

        await receiving;
        await socket.CloseAsync(NumberedMessages.VisitorCloses, "all there", limit);
        return socket.CloseStatus == NumberedMessages.AppCloses
            ? NumberedMessages.Length(seed, count) + NumberedMessages.Length(-seed, count)
            : throw new InvalidDataException($"The app closed with {socket.CloseStatus} {socket.CloseStatusDescription}.");
    }

    private static async Task<long> GetAsync(VisitorConnection connection, string prefix, long seed, long length, CancellationToken limit)
    {
        await connection.SendHeadAsync("GET", string.Create(CultureInfo.InvariantCulture, $"{prefix}/soak/bytes/{seed}/{length}"), limit);
        await connection.ReceiveHeadAsync(limit);
        await CheckBodyAsync(connection, seed, length, limit);
        return length;
    }

    private static string Framing(bool chunked, int length) =>
        chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {length.ToString(CultureInfo.InvariantCulture)}";

    private static async Task SendBodyAsync(
        VisitorConnection connection, long seed, int length, bool chunked, IncrementalHash? hash, CancellationToken limit)
    {
        var piece = new byte[PieceLength];
        for (var offset = 0; offset < length;)
        {
            var count = Math.Min(piece.Length, length - offset);
            SeededBytes.Fill(seed, offset, piece.AsSpan(0, count));
            hash?.AppendData(piece.AsSpan(0, count));
            await connection.SendBodyAsync(piece.AsMemory(0, count), chunked, limit);
            offset += count;
        }

        if (chunked)
        {
            await connection.EndChunksAsync(limit);
        }
    }

    private static async Task CheckBodyAsync(VisitorConnection connection, long seed, long length, CancellationToken limit)
    {
        var received = new byte[PieceLength];
        var expected = new byte[PieceLength];
        long offset = 0;
        int count;
        while ((count = await connection.ReceiveAsync(received, limit)) > 0)
        {
            SeededBytes.Fill(seed, offset, expected.AsSpan(0, count));
            if (!received.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, count)))
            {
                var place = offset + received.AsSpan(0, count).CommonPrefixLength(expected.AsSpan(0, count));
                throw new InvalidDataException($"Wrong bytes from {place} of {length} on.");
            }

            offset += count;
        }

        if (offset != length)
        {
            throw new InvalidDataException($"{offset} bytes came of {length}.");
        }
    }
}
