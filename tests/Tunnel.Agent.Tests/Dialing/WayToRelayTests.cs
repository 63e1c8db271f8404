using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Dialing;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Dialing;

/// <summary>Proxies and certificates between the agent and its relay.</summary>
public sealed class WayToRelayTests : IDisposable
{
    private readonly TestAuthority _authority = new("the relay's");
    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("relay.test", false)] // a name that only the proxy can resolve
    [InlineData("relay.test", true)]
    public async Task ProxyIsSet_RelayIsReachedThroughIt(string host, bool tls)
    {
        await using var relay = await StartRelayAsync(tls ? _authority.Issue(host) : null);
        using var proxy = new ConnectProxy();

        await DialAsync(tls ? "https" : "http", host, PortOf(relay), options => options.Proxy = proxy.Url);

        Assert.Equal([$"{host}:{PortOf(relay)}", $"{host}:{PortOf(relay)}"], proxy.Targets); // of each kind of link
    }

    [Fact]
    public async Task EnvironmentNamesAProxy_RelayIsReachedThroughIt()
    {
        await using var relay = await StartRelayAsync(null);
        using var proxy = new ConnectProxy();
        const string Host = "behind-the-machines-proxy.test";
        HttpClient.DefaultProxy = new ProxyFor(Host, proxy.Url, HttpClient.DefaultProxy); // what the variables and system settings become

        await DialAsync("http", Host, PortOf(relay));

        Assert.Equal(2, proxy.Targets.Count);
    }

    [Fact]
    public async Task ProxyWantsAPassword_GetsTheOneOfItsAddress()
    {
        await using var relay = await StartRelayAsync(null);
        using var proxy = new ConnectProxy("Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("user:p@ss")));

        await DialAsync("http", "relay.test", PortOf(relay),
            options => options.Proxy = new UriBuilder(proxy.Url) { UserName = "user", Password = "p%40ss" }.Uri);

        Assert.Equal(2, proxy.Targets.Count);
    }

    [Fact]
    public async Task ProxyRefuses_FailureNamesTheSettings()
    {
        using var proxy = new ConnectProxy("Basic nobody");

        var failure = await Assert.ThrowsAsync<DialException>(() => DialAsync("https", "relay.test", 443,
            options => options.Proxy = new UriBuilder(proxy.Url) { UserName = "user", Password = "secret" }.Uri));

        Assert.Equal(TunnelFailureReason.Unreachable, failure.Failure.Reason);
        Assert.Contains("HTTPS_PROXY", failure.Message);
        Assert.DoesNotContain("secret", failure.ToString());
    }

    [Fact]
    public async Task RelaysCertificateIsOfTheNamedAuthority_Connects()
    {
        await using var relay = await StartRelayAsync(_authority.Issue("127.0.0.1"));
        await DialAsync("https", "127.0.0.1", PortOf(relay));
    }

    [Fact]
    public async Task RelaysCertificateIsOfAnotherAuthority_FailureNamesTheSetting()
    {
        using var other = new TestAuthority("another");
        await using var relay = await StartRelayAsync(other.Issue("127.0.0.1"));

        var failure = await Assert.ThrowsAsync<DialException>(() => DialAsync("https", "127.0.0.1", PortOf(relay)));

        Assert.Equal(TunnelFailureReason.Unreachable, failure.Failure.Reason);
        Assert.Contains("CertificateAuthorities", failure.Message);
    }

    [Fact]
    public async Task RelaysCertificateIsForAnotherName_IsRefused()
    {
        await using var relay = await StartRelayAsync(_authority.Issue("other.test"));

        var failure = await Assert.ThrowsAsync<DialException>(() => DialAsync("https", "127.0.0.1", PortOf(relay)));

        Assert.Contains("another name", failure.Message);
    }

    [Fact]
    public async Task RelayIsElsewhere_IsSaidAndNotFollowed()
    {
        await using var app = Build(null);
        app.Run(context =>
        {
            context.Response.Redirect("https://elsewhere.test/", permanent: true);
            return Task.CompletedTask;
        });
        await app.StartAsync(Stop);

        var failure = await Assert.ThrowsAsync<DialException>(() => DialAsync("http", "127.0.0.1", PortOf(app)));

        Assert.Equal(TunnelFailureReason.NotARelay, failure.Failure.Reason);
        Assert.Contains("https://elsewhere.test/", failure.Message);
    }

    [Fact]
    public async Task UpgradeIsNeverAnswered_WebSocketIsAskedForInTheSameAttempt()
    {
        await using var app = Build(null);
        app.UseWebSockets();
        app.Run(async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default); // as a proxy that waits for the end of an answer
                return;
            }

            await using var link = await AcceptAsync(context);
            await link.ReceiveAsync();
        });
        await app.StartAsync(Stop);
        var time = new FakeTime();
        var settings = Options.Create(new TunnelAgentOptions { Relay = new Uri($"http://127.0.0.1:{PortOf(app)}") });
        var kinds = new LinkKinds(settings, time);

        var dialing = new RelayDialer(settings, kinds, time).DialAsync(Stop);
        await time.WhenArmedAsync(AgentDefaults.UpgradeTimeout).InTime();
        time.Advance(AgentDefaults.UpgradeTimeout);

        await using var link = await dialing.InTime();
        Assert.IsType<WebSocketLink>(link);
        Assert.True(kinds.PrefersWebSocket);
    }

    [Theory]
    [InlineData(StatusCodes.Status503ServiceUnavailable)]
    [InlineData(StatusCodes.Status400BadRequest)]
    public async Task UpgradeIsRefusedOnTheWay_WebSocketIsAskedForInTheSameAttempt(int status)
    {
        await using var app = Build(null);
        app.UseWebSockets();
        app.Run(async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = status;
                return;
            }

            await using var link = await AcceptAsync(context);
            await link.ReceiveAsync();
        });
        await app.StartAsync(Stop);
        var settings = Options.Create(new TunnelAgentOptions { Relay = new Uri($"http://127.0.0.1:{PortOf(app)}") });

        await using var link = await new RelayDialer(settings, new LinkKinds(settings, TimeProvider.System), TimeProvider.System).DialAsync(Stop).InTime();

        Assert.IsType<WebSocketLink>(link);
    }

    [Fact]
    public void KernelHoldsLittleThatWasNotSent()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The option's number is known for Linux only.");
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);

        RelayHandler.LimitUnsentBytes(socket);

        var value = new byte[4];
        socket.GetRawSocketOption(6, 25, value);
        Assert.Equal(128 * 1024, BitConverter.ToInt32(value));
    }

    public void Dispose()
    {
        _authority.Dispose();
        File.Delete(_file);
    }

    /// <summary>Dials, trusting the authority, and closes again.</summary>
    private async Task DialAsync(string scheme, string host, int port, Action<TunnelAgentOptions>? configure = null)
    {
        await File.WriteAllTextAsync(_file, _authority.Pem, Stop);
        var options = new TunnelAgentOptions { Relay = new UriBuilder(scheme, host, port).Uri, CertificateAuthorities = _file };
        configure?.Invoke(options);
        foreach (var webSocketOnly in new[] { false, true })
        {
            options.WebSocketOnly = webSocketOnly;
            var settings = Options.Create(options);
            var dialer = new RelayDialer(settings, new LinkKinds(settings, TimeProvider.System), TimeProvider.System);
            await using var link = await dialer.DialAsync(Stop).InTime();
            Assert.Equal(webSocketOnly, link is WebSocketLink);

            // The connection outlives the handler that made it.
            await link.SendTextAsync("hello"u8.ToArray(), Stop);
            Assert.Equal(5, await link.ReceiveTextAsync(new byte[16], Stop).InTime());
        }
    }

    private static WebApplication Build(X509Certificate2? certificate)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        return builder.Build();
    }

    /// <summary>Sends one message back on every WebSocket.</summary>
    private static async Task<WebApplication> StartRelayAsync(X509Certificate2? certificate)
    {
        var app = Build(certificate);
        app.UseWebSockets();
        app.Run(async context =>
        {
            await using var link = await AcceptAsync(context);
            var buffer = new byte[16];
            var length = await link.ReceiveTextAsync(buffer, context.RequestAborted);
            await link.SendTextAsync(buffer.AsMemory(0, length), context.RequestAborted);
            await link.ReceiveAsync();
        });
        await app.StartAsync(Stop);
        return app;
    }

    private static async Task<IRegistrationLink> AcceptAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            return new WebSocketLink(await context.WebSockets.AcceptWebSocketAsync("tunnel.v1"), TimeProvider.System);
        }

        context.Response.Headers.Upgrade = context.Request.Headers.Upgrade;
        var connection = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        return new UpgradedLink(connection, context.Abort, TimeProvider.System);
    }

    private static int PortOf(WebApplication app) => new Uri(app.Urls.Single()).Port;

    /// <summary>A proxy for one host, so that nothing else in this process notices.</summary>
    private sealed class ProxyFor(string host, Uri proxy, IWebProxy otherwise) : IWebProxy
    {
        public ICredentials? Credentials { get; set; }

        public Uri? GetProxy(Uri destination) => destination.Host == host ? proxy : otherwise.GetProxy(destination);

        public bool IsBypassed(Uri destination) => destination.Host != host && otherwise.IsBypassed(destination);
    }
}
