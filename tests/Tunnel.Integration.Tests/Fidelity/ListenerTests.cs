using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Hubs and targets that listen elsewhere than on a plain port.</summary>
public sealed class ListenerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task VisitorOfAHubsUnixSocket_HasNoAddress()
    {
        using var folder = new TempFolder();
        var key = await LifecycleTests.KeyAsync(folder);
        var socket = folder.File("hub.sock");
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(Seen.DescribeAsync),
            hub =>
            {
                // Who comes by a socket could be anybody, so no unknown agents here.
                hub.Settings.Remove("Tunnel:Relay:DevelopmentEnrolment");
                hub.Settings["Tunnel:Relay:AuthorizedKeys:0"] = key;
                hub.Build = builder => builder.WebHost.ConfigureKestrel(kestrel =>
                {
                    kestrel.Listen(IPAddress.Loopback, 0);
                    kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1);
                });
            },
            device => device.Agent = agent => agent.CredentialsFile = folder.File("tunnel.json"));
        using var visitor = TestHub.CreateClient(new Uri("http://any.test"), handler => handler.ConnectCallback = async (_, stop) =>
        {
            var connected = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connected.ConnectAsync(new UnixDomainSocketEndPoint(socket), stop);
            return new NetworkStream(connected, ownsSocket: true);
        });

        var seen = (await visitor.GetStringAsync("/t/demo/x", Stop).Soon()).Split('\n');

        Assert.Contains("path /x", seen);
        Assert.Contains("> Forwarded: for=unknown;host=\"any.test\";proto=http", seen);
        Assert.DoesNotContain(seen, line => line.StartsWith("> X-Forwarded-For", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TargetOnAUnixSocket_IsForwardedTo()
    {
        using var folder = new TempFolder();
        var socket = folder.File("app.sock");
        await using var target = await TargetAsync(kestrel => kestrel.ListenUnixSocket(socket));
        await using var pair = await ForwardAsync($"unix://{socket}");

        var seen = (await pair.Visitor.GetStringAsync("x?y", Stop).Soon()).Split('\n');

        Assert.Contains("host localhost", seen);
        Assert.Contains("raw target /x?y", seen);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.OK)]
    [InlineData("any", HttpStatusCode.OK)]
    [InlineData("system", HttpStatusCode.BadGateway)]
    public async Task HttpsTargetsCertificate_IsTakenByTheRule(string? rule, HttpStatusCode expected)
    {
        using var certificate = TestCertificate.Create();
        using var log = new LogWatch();
        await using var target = await TargetAsync(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        await using var pair = await ForwardAsync(target.Urls.Single(), rule, log);

        using var response = await pair.Visitor.GetAsync("x", Stop).Soon();

        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.BadGateway)
        {
            var said = await log.Said("TargetCertificateRefused").Soon();
            Assert.Contains(target.Urls.Single(), said, StringComparison.Ordinal);
            Assert.Contains("ForwardCertificate", said, StringComparison.Ordinal);
        }
    }

    private static Task<TunnelPair> ForwardAsync(string target, string? certificate = null, LogWatch? log = null) => TunnelPair.StartAsync(
        _ => { },
        device: device =>
        {
            device.Build = builder =>
            {
                if (log is not null)
                {
                    builder.Logging.AddProvider(log);
                }
            };
            device.Agent = agent =>
            {
                agent.ForwardTo = new Uri(target);
                agent.ForwardCertificate = certificate;
            };
        });

    private static async Task<WebApplication> TargetAsync(Action<KestrelServerOptions> listen)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(listen);
        var app = builder.Build();
        app.Run(Seen.DescribeAsync);
        await app.StartAsync(Stop);
        return app;
    }
}
