using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Dialing;

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

        Assert.Equal([$"{host}:{PortOf(relay)}"], proxy.Targets);
    }

    [Fact]
    public async Task EnvironmentNamesAProxy_RelayIsReachedThroughIt()
    {
        await using var relay = await StartRelayAsync(null);
        using var proxy = new ConnectProxy();
        const string Host = "behind-the-machines-proxy.test";
        HttpClient.DefaultProxy = new ProxyFor(Host, proxy.Url, HttpClient.DefaultProxy); // what the variables and system settings become

        await DialAsync("http", Host, PortOf(relay));

        Assert.Single(proxy.Targets);
    }

    [Fact]
    public async Task ProxyWantsAPassword_GetsTheOneOfItsAddress()
    {
        await using var relay = await StartRelayAsync(null);
        using var proxy = new ConnectProxy("Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("user:p@ss")));

        await DialAsync("http", "relay.test", PortOf(relay),
            options => options.Proxy = new UriBuilder(proxy.Url) { UserName = "user", Password = "p%40ss" }.Uri);

        Assert.Single(proxy.Targets);
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
        using var socket = await new RelayDialer(Options.Create(options)).DialAsync(Stop).InTime();

        // The connection outlives the handler that made it.
        await socket.SendAsync("hello"u8.ToArray().AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, Stop);
        var answer = await socket.ReceiveAsync(new byte[16].AsMemory(), Stop).InTime();
        Assert.Equal(5, answer.Count);
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
            using var socket = await context.WebSockets.AcceptWebSocketAsync("tunnel.v1");
            var buffer = new byte[16];
            var message = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            await socket.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Binary, endOfMessage: true, context.RequestAborted);
            await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
        });
        await app.StartAsync(Stop);
        return app;
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
