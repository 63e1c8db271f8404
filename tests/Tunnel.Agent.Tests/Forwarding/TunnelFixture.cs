using System.Buffers;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tunnel.Agent.Serving;
using Tunnel.Agent.Serving.Forwarding;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Forwarding;

/// <summary>A visitor's side of a session in memory, whose agent's side forwards to a target.</summary>
internal sealed class TunnelFixture : IAsyncDisposable
{
    private readonly Channel<TunnelRequest> _completed = Channel.CreateUnbounded<TunnelRequest>();
    private readonly ForwardingServer _server;
    private readonly MemoryBudget _budget = new(1024L * 1024 * 1024);
    private readonly TunnelSession _relay;
    private readonly TunnelSession _agent;

    public TunnelFixture(string target, string? host = null, string? certificate = null, TimeProvider? time = null, ILogger<ForwardingServer>? log = null)
    {
        Assert.True(ForwardTarget.TryParse(new Uri(target), out var parsed, out var error), error);
        Assert.True(CertificateRule.TryRead(certificate, out var certificates, out error), error);
        _server = new ForwardingServer(parsed!, new HostRule(host), certificates!, time ?? TimeProvider.System, log ?? NullLogger<ForwardingServer>.Instance);
        var servers = new ServerTable();
        servers.AddTunnel(_server);
        var dispatcher = new ExchangeDispatcher(
            servers, request => _completed.Writer.TryWrite(request), TimeProvider.System, NullLogger<ExchangeDispatcher>.Instance);
        var (relay, agent) = MemoryLink.CreatePair();
        _relay = new TunnelSession(null, _budget, TimeProvider.System);
        _agent = new TunnelSession(dispatcher, _budget, TimeProvider.System);
        _ = _relay.RunAsync(_relay.Fence(), relay, peerReceived: 0);
        _ = _agent.RunAsync(_agent.Fence(), agent, peerReceived: 0);
    }

    /// <summary>Opens an exchange and sends its head.</summary>
    public Exchange Open(
        string method, string target, int prefix = 0, bool hasBody = false, bool upgrade = false, bool expect = false,
        params (string Name, string Value)[] headers)
    {
        using var head = HeadWriter.Rent();
        new RequestLine(method, target, prefix, "HTTP/1.1", "https", "visitor.example", "192.0.2.1", 4711, upgrade, hasBody).Write(head);
        foreach (var (name, value) in headers)
        {
            head.Header(name, value);
        }

        head.EndHeaders();
        var flags = (hasBody || upgrade ? FrameFlags.None : FrameFlags.End) | (expect ? FrameFlags.NoCredit : FrameFlags.None);
        Assert.Equal(OpenOutcome.Opened, _relay.TryOpen(head.Written, flags, out var exchange));
        return exchange!;
    }

    /// <summary>Sends a request without a body and reads the whole response.</summary>
    public async Task<VisitorResponse> GetAsync(string target, int prefix = 0, string method = "GET", params (string, string)[] headers)
    {
        using var exchange = Open(method, target, prefix, headers: headers);
        return await VisitorResponse.ReadAsync(exchange);
    }

    /// <summary>What the agent reports about the next exchange that ends.</summary>
    public Task<TunnelRequest> CompletedAsync() => _completed.Reader.ReadAsync().InTime();

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _agent.DisposeAsync();
        _server.Dispose();
    }
}

/// <summary>A response as the relay would see it.</summary>
internal sealed record VisitorResponse(int Status, string Reason, List<(string Name, string Value)> Headers, byte[] Body, List<(string, string)> Trailers)
{
    public string Text => Encoding.Latin1.GetString(Body);

    public static async Task<VisitorResponse> ReadAsync(Exchange exchange)
    {
        var head = await ReadHeadAsync(exchange);
        var body = new ArrayBufferWriter<byte>();
        while (await ReadSomeAsync(exchange) is { Length: > 0 } piece)
        {
            body.Write(piece);
        }

        var trailers = new List<(string, string)>();
        if (exchange.TryReadTrailers(out var section))
        {
            var lines = section.Read();
            while (lines.TryHeader(out var name, out var value))
            {
                trailers.Add((name, value));
            }

            section.Dispose();
        }

        return head with { Body = body.WrittenSpan.ToArray(), Trailers = trailers };
    }

    public static async Task<VisitorResponse> ReadHeadAsync(Exchange exchange)
    {
        using var head = await exchange.ReadHeadAsync().InTime();
        var reader = head.Read();
        var line = ResponseLine.Read(ref reader);
        var headers = new List<(string, string)>();
        while (reader.TryHeader(out var name, out var value))
        {
            headers.Add((name, value));
        }

        return new VisitorResponse(line.StatusCode, line.ReasonPhrase, headers, [], []);
    }

    /// <summary>The next piece of body; empty at the end.</summary>
    public static async Task<byte[]> ReadSomeAsync(Exchange exchange)
    {
        var result = await exchange.Input.ReadAsync().InTime();
        var bytes = result.Buffer.ToArray();
        exchange.Input.AdvanceTo(result.Buffer.End);
        return bytes;
    }

    public static async Task<string> ReadTextAsync(Exchange exchange, int length)
    {
        var text = string.Empty;
        while (text.Length < length && await ReadSomeAsync(exchange) is { Length: > 0 } piece)
        {
            text += Encoding.Latin1.GetString(piece);
        }

        return text;
    }
}
