using System.Collections.Concurrent;
using System.Net.WebSockets;
using Tunnel.Relay.Connect;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Tests.Fixtures;

/// <summary>An agent of which every step is the test's. Answers that it keeps are those of its latest registration or resume.</summary>
internal sealed class HandAgent(TestRelay relay, SigningKey key) : IExchangeHandler, IAsyncDisposable
{
    private readonly List<HandLink> links = [];
    private readonly ConcurrentQueue<TaskCompletionSource<Exchange>> waiting = new();

    public SigningKey Key { get; } = key;

    public string InstanceId { get; init; } = Random16();

    public bool Pools { get; set; }

    public string Session { get; set; } = "";

    public string ResumeToken { get; set; } = "";

    public int Epoch { get; set; }

    public TunnelSession Wire { get; private set; } = null!;

    /// <summary>The one that carries the session now.</summary>
    public HandLink Link { get; private set; } = null!;

    /// <summary>Serves what visitors ask for; without it a test takes exchanges with <see cref="TakeAsync"/>.</summary>
    public Func<Exchange, Task>? Serve { get; set; }

    /// <summary>The session as the relay has it.</summary>
    public RelaySession OfRelay => relay.Get<SessionDirectory>().Find(Session)!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Audience => Origin.Of(relay.Url);

    public static string Random16() => Base64UrlText.Encode(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    public async Task<(HandLink Link, RegistrationMessage Answer)> RegisterAsync(
        string? slug = null, string? registrationId = null, TunnelWish[]? more = null, string[]? services = null)
    {
        var link = await DialAsync();
        var token = Token();
        return (link, await link.AskAsync(new RegisterMessage(
            token, Key.PublicKey.Text, RegistrationProof.Sign(Key, link.Nonce, Audience, token), link.AgentNonce,
            registrationId ?? Random16(), InstanceId, slug, services, more, Pools)));
    }

    public async Task<(HandLink Link, RegistrationMessage Answer)> ResumeAsync(
        long received = 0, string? token = null, int? provenEpoch = null)
    {
        var link = await DialAsync();
        token ??= Token();
        var proof = RegistrationProof.SignResume(Key, link.Nonce, Audience, token, Session, provenEpoch ?? Epoch);
        return (link, await link.AskAsync(
            new ResumeMessage(token, Key.PublicKey.Text, proof, link.AgentNonce, Session, ResumeToken, Epoch, received)));
    }

    public async Task<(HandLink Link, RegistrationMessage Answer)> AskAsync(RegistrationMessage message)
    {
        var link = await DialAsync();
        return (link, await link.AskAsync(message));
    }

    public string Token(TimeSpan age = default) => AgentToken.Create(
        Key, AgentTokenClaims.For(Key.PublicKey.ServerId, Audience, relay.Time.GetUtcNow() - age, TimeSpan.FromHours(1)));

    /// <summary>Registers and lets the session run.</summary>
    public async Task<HandLink> OpenAsync(string? slug = "demo", TunnelWish[]? more = null)
    {
        var (link, answer) = await RegisterAsync(slug, more: more);
        Keep(Assert.IsType<RegisteredMessage>(answer));
        if (Wire is { } earlier)
        {
            await earlier.DisposeAsync();
        }

        Wire = new TunnelSession(this, new MemoryBudget(1L << 30), TimeProvider.System);
        Link = link;
        link.Run = Wire.RunAsync(Wire.Fence(), new WebSocketLink(link.Socket, TimeProvider.System), peerReceived: 0);
        await TestRelay.UntilAsync(() => OfRelay.Wire.IsLinked);
        return link;
    }

    /// <summary>Comes back with the next link, and lets the session run on.</summary>
    public async Task<HandLink> ReturnAsync()
    {
        var ticket = Wire.Fence();
        var (link, answer) = await ResumeAsync(ticket.Received);
        var resumed = Assert.IsType<ResumedMessage>(answer);
        Keep(resumed);
        Link = link;
        link.Run = Wire.RunAsync(ticket, new WebSocketLink(link.Socket, TimeProvider.System), resumed.Received);
        await TestRelay.UntilAsync(() => OfRelay.Wire.IsLinked);
        return link;
    }

    public void Keep(RegisteredMessage registered) =>
        (Session, ResumeToken, Epoch) = (registered.Session, registered.ResumeToken, registered.Epoch);

    public void Keep(ResumedMessage resumed) => (ResumeToken, Epoch) = (resumed.ResumeToken, resumed.Epoch);

    /// <summary>Cuts the link, and waits until the relay knows.</summary>
    public async Task LoseAsync(HandLink link)
    {
        var session = OfRelay;
        link.Socket.Abort();
        await TestRelay.UntilAsync(() => session.UnlinkedSince is not null);
    }

    /// <summary>The next exchange that the relay opens. The caller disposes it.</summary>
    public Task<Exchange> TakeAsync()
    {
        var taken = new TaskCompletionSource<Exchange>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue(taken);
        return taken.Task.InTime();
    }

    /// <summary>Whoever waits for an exchange gets none any more.</summary>
    public void TakeNoMore() => waiting.Clear();

    public void OnOpened(Exchange exchange)
    {
        if (waiting.TryDequeue(out var taken))
        {
            taken.SetResult(exchange);
        }
        else
        {
            _ = Task.Run(async () =>
            {
                using (exchange)
                {
                    await (Serve?.Invoke(exchange) ?? AnswerAsync(exchange, "served"));
                }
            });
        }
    }

    public static async Task AnswerAsync(Exchange exchange, string text)
    {
        using (var head = HeadWriter.Rent())
        {
            new ResponseLine(200, "").Write(head);
            exchange.SendHead(head.Written);
        }

        await exchange.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), end: true);
    }

    public async ValueTask DisposeAsync()
    {
        if (Wire is not null)
        {
            await Wire.DisposeAsync();
        }

        foreach (var link in links)
        {
            link.Socket.Dispose();
        }

        Key.Dispose();
    }

    private async Task<HandLink> DialAsync()
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(WireDefaults.Subprotocol);
        socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
        var link = new HandLink(socket);
        links.Add(link);
        await socket.ConnectAsync(new UriBuilder(relay.Url) { Scheme = "ws", Path = "/.tunnel/connect" }.Uri, Stop);
        link.Nonce = Assert.IsType<ChallengeMessage>(await link.Channel.ReceiveAsync(Stop).InTime()).Nonce;
        return link;
    }
}
