using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Tests.Ingress;

/// <summary>What an agent sends cannot put anything on a visitor's connection but one answer, nor make half an answer look whole.</summary>
public sealed class HostileAgentTests : IAsyncLifetime
{
    private const string Injected = "X\r\nInjected: yes\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly ErrorLog log = new();
    private TestRelay relay = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => relay = await TestRelay.StartAsync();

    public ValueTask DisposeAsync() => relay.DisposeAsync();

    [Theory]
    [InlineData(103)]
    [InlineData(200)]
    public async Task A_reason_phrase_with_line_breaks_never_reaches_the_visitor(int status)
    {
        var answer = await AskAsync(exchange =>
        {
            SendHead(exchange, status, Injected);
            return HandAgent.AnswerAsync(exchange, "body");
        });

        Assert.DoesNotContain("Injected", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_informational_head_that_is_malformed_is_not_begun()
    {
        var answer = await AskAsync(async exchange =>
        {
            SendHead(exchange, 103, "", "link=</a.css>", "x-bad=1");
            await HandAgent.AnswerAsync(exchange, "body");
        });

        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_switch_of_protocols_that_the_visitor_did_not_ask_for_is_a_failed_answer()
    {
        var answer = await AskAsync(async exchange =>
        {
            SendHead(exchange, 101, "");
            await exchange.WriteAsync(default, end: true);
        });

        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_the_servers_encoding_cannot_read_is_left_out()
    {
        relay.Get<IOptions<KestrelServerOptions>>().Value.ResponseHeaderEncodingSelector =
            _ => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        var answer = await AskAsync(async exchange =>
        {
            using (var head = HeadWriter.Rent())
            {
                new ResponseLine(200, "").Write(head);
                head.Header("x-octet", "\xFF");
                exchange.SendHead(head.Written);
            }

            await exchange.WriteAsync("body"u8.ToArray(), end: true);
        });

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("x-octet", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trailers_cannot_set_what_a_head_could_not()
    {
        using var response = await AskOverHttp2Async(async exchange =>
        {
            SendHead(exchange, 200, "");
            await exchange.WriteAsync("body"u8.ToArray());
            exchange.EndWithTrailers(Lines("clear-site-data=*", "set-cookie=a=b; path=/", "transfer-encoding=gzip", "content-length=7", "x-sum=1"));
        });

        Assert.Equal("body", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal("x-sum", Assert.Single(response.TrailingHeaders).Key);
    }

    /// <summary>The body waits in the server for the end, so nothing of the answer has left yet, and yet it has begun.</summary>
    [Fact]
    public async Task A_trailer_that_the_server_refuses_breaks_off_what_it_had_gathered()
    {
        relay.Get<ILoggerFactory>().AddProvider(log);
        var (link, _) = await relay.Agent().RegisterAsync("demo");
        await link.PingAsync();
        var asked = GetOverHttp2Async();
        for (var message = new byte[64 * 1024]; message[0] != 0 || (message[8] & 0xF) != 1;) // a piece of the sequence, with a head
        {
            await link.Socket.ReceiveAsync(message.AsMemory(), Stop).AsTask().InTime();
        }

        byte[] answer =
        [
            0, 0, 0, 0, 0, 0, 0, 0,
            0x01, 1, 3, 0xC8, 1, 0, // head: 200
            0x02, 1, 4, .. "body"u8, // data
            0x31, 1, 9, 0, 5, .. "x-sum"u8, 1, 1, // trailers: a control character
        ];
        await link.Socket.SendAsync(answer, WebSocketMessageType.Binary, endOfMessage: true, Stop);

        await Assert.ThrowsAsync<HttpRequestException>(() => asked);
        Assert.Empty(log.Errors);
    }

    [Fact]
    public async Task A_compressed_body_is_over_when_its_message_is()
    {
        var isRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var response = await AskOverHttp2Async(async exchange =>
        {
            SendHead(exchange, 200, "", "transfer-encoding=deflate");
            await exchange.WriteAsync(Pack("body"));
            await isRead.Task;
            exchange.EndWithTrailers(Lines("x-sum=1"));
        });
        var body = await response.Content.ReadAsStreamAsync(Stop);
        await body.ReadExactlyAsync(new byte[4], Stop).AsTask().InTime();
        isRead.SetResult();

        Assert.Equal(0, await body.ReadAsync(new byte[1], Stop).AsTask().InTime());
        Assert.Equal("x-sum", Assert.Single(response.TrailingHeaders).Key);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("more")]
    [InlineData("no format")]
    [InlineData("dictionary")]
    public async Task A_compressed_body_that_is_malformed_never_looks_complete(string how)
    {
        var packed = Pack(string.Join(' ', Enumerable.Range(0, 1000)));
        byte[] sent = how switch
        {
            "cut" => packed[..^10],
            "more" => [.. packed, .. new byte[20_000]],
            "dictionary" => [0x78, 0xBB, 1, 2, 3, 4, .. packed[2..]],
            _ => [.. packed[..200], .. Enumerable.Repeat((byte)0xFF, 200)],
        };
        var answer = await AskAsync(async exchange =>
        {
            SendHead(exchange, 200, "", "transfer-encoding=deflate");
            await exchange.WriteAsync(sent, end: true);
        });

        Assert.False(answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal), answer);
    }

    /// <summary>What a visitor's connection brings until it ends.</summary>
    private async Task<string> AskAsync(Func<Exchange, Task> serve)
    {
        var agent = relay.Agent();
        await agent.OpenAsync();
        agent.Serve = serve;
        using var visitor = new TcpClient();
        await visitor.ConnectAsync(relay.Url.Host, relay.Url.Port, Stop);
        await visitor.GetStream().WriteAsync("GET /t/demo/ HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"u8.ToArray(), Stop);
        var buffer = new byte[64 * 1024];
        var text = string.Empty;
        try
        {
            while (await visitor.GetStream().ReadAsync(buffer, Stop).AsTask().InTime() is > 0 and var count)
            {
                text += Encoding.Latin1.GetString(buffer, 0, count);
            }
        }
        catch (IOException)
        {
            // Reset.
        }

        return text;
    }

    private async Task<HttpResponseMessage> AskOverHttp2Async(Func<Exchange, Task> serve)
    {
        var agent = relay.Agent();
        await agent.OpenAsync();
        agent.Serve = serve;
        return await GetOverHttp2Async();
    }

    private async Task<HttpResponseMessage> GetOverHttp2Async()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(relay.Http2Url, "/t/demo/"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        return await relay.Visitor.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop).InTime();
    }

    private static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var packer = new ZLibStream(packed, CompressionLevel.Fastest))
        {
            packer.Write(Encoding.ASCII.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static byte[] Lines(params string[] headers)
    {
        using var head = HeadWriter.Rent();
        Write(head, headers);
        return head.Written.ToArray();
    }

    private static void SendHead(Exchange exchange, int status, string reason, params string[] headers)
    {
        using var head = HeadWriter.Rent();
        new ResponseLine(status, reason).Write(head);
        Write(head, headers);
        exchange.SendHead(head.Written);
    }

    /// <summary>Unlike <see cref="HeadWriter.Header(string, string)"/> it looks at nothing: x-bad gets a line break.</summary>
    private static void Write(HeadWriter head, string[] headers)
    {
        foreach (var header in headers)
        {
            var (name, value) = (header.Split('=')[0], header[(header.IndexOf('=') + 1)..]);
            head.Number(0);
            head.Text(name);
            head.Text(name == "x-bad" ? value + "\r\nInjected: yes" : value);
        }
    }

    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Errors { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Errors.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
