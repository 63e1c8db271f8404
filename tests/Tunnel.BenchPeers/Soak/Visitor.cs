using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Tunnel.BenchPeers.Soak;

/// <summary>One visitor, who does exchanges of one kind through one tunnel, one after the other, until it is told to stop.</summary>
internal sealed class Visitor(Uri relay, string mode, string kind, int seed, TimeSpan perExchange, Tally tally)
{
    public static readonly string[] Kinds = ["small", "download", "echo", "upload", "events", "messages"];

    private readonly Random _random = new(seed);

    /// <summary>Ends soon after <paramref name="stopping"/> with its last exchange, which is never broken off. Never fails.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        VisitorConnection? connection = null;
        while (!stopping.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(perExchange);
            var began = Stopwatch.GetTimestamp();
            try
            {
                if (connection is not { IsReusable: true } && kind != "messages")
                {
                    connection?.Dispose();
                    connection = new VisitorConnection(relay);
                    await connection.ConnectAsync(limit.Token);
                }

                var bytes = await ExchangeAsync(connection!, limit.Token);
                tally.Succeeded(kind, bytes, Stopwatch.GetElapsedTime(began));
            }
            catch (Exception exception) when (IsFailure(exception))
            {
                var reason = limit.IsCancellationRequested ? $"no end within {perExchange.TotalSeconds:0} s" : exception.GetBaseException().Message;
                tally.Failed(mode, kind, Stopwatch.GetElapsedTime(began), $"{reason} (body: {connection?.Sent} bytes sent, {connection?.Received} received)");
                connection?.Dispose();
                connection = null;
            }

            await Task.Delay(_random.Next(kind == "small" ? 20 : 200), CancellationToken.None);
        }

        connection?.Dispose();
    }

    private Task<long> ExchangeAsync(VisitorConnection connection, CancellationToken limit)
    {
        var prefix = "/t/" + mode;
        return kind switch
        {
            "small" => Exchanges.SmallAsync(connection, prefix, _random, limit),
            "download" => Exchanges.DownloadAsync(connection, prefix, _random, limit),
            "echo" => Exchanges.EchoAsync(connection, prefix, _random, limit),
            "upload" => Exchanges.UploadAsync(connection, prefix, _random, limit),
            "events" => Exchanges.EventsAsync(connection, prefix, _random, limit),
            _ => Exchanges.MessagesAsync(relay, prefix, _random, limit),
        };
    }

    private static bool IsFailure(Exception exception) => exception
        is IOException or SocketException or WebSocketException or InvalidDataException or FormatException or OperationCanceledException or ObjectDisposedException;
}
