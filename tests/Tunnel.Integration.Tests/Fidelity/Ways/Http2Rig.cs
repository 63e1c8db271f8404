using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>The rig with HTTP/2 everywhere: visitors come to the hub, and to the app directly, by each <see cref="Listener"/>, and tunnels lead to each of the app's.</summary>
public sealed class Http2Rig : FidelityRig
{
    private readonly X509Certificate2 _certificate = TestCertificate.Create();
    private readonly string _socket = Path.Combine(Path.GetTempPath(), $"tunnel-{Guid.NewGuid():N}.sock");

    /// <summary>The same way for a visitor of another of the hub's listeners.</summary>
    internal Way this[Via via, Listener listener]
    {
        get
        {
            var way = this[via];
            return way with { Url = HubUrl(listener), Direct = way.Direct! with { Url = AppUrl(listener) } };
        }
    }

    /// <summary>A tunnel to one of the app's listeners.</summary>
    internal Way this[AppTarget target, Listener listener]
    {
        get
        {
            var way = target switch
            {
                AppTarget.InProcessByPath => this[Via.InProcessByPath],
                AppTarget.InProcessBySubdomain => this[Via.InProcessBySubdomain],
                AppTarget.ForwardedByPath => this[Via.ForwardedByPath],
                AppTarget.ForwardedBySubdomain => this[Via.ForwardedBySubdomain],
                _ => ByPath(target.ToString(), AppUrl(listener), Slug(target), directPrefix: string.Empty),
            };
            return way with { Url = HubUrl(listener), Direct = way.Direct! with { Url = AppUrl(listener) } };
        }
    }

    internal Uri HubUrl(Listener listener) => new(Hub.App.Urls.ElementAt((int)listener));

    internal Uri AppUrl(Listener listener) => new(Device.App.Urls.ElementAt((int)listener));

    /// <summary>A client for a listener's protocol and no other.</summary>
    internal static HttpClient CreateClient(Listener listener, Action<SocketsHttpHandler>? configure = null)
    {
        var client = TestHub.CreateClient(new Uri("http://unused.test"), handler =>
        {
            handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
            configure?.Invoke(handler);
        });
        client.DefaultRequestVersion = listener is Listener.Http1 or Listener.Http1Tls or Listener.IPv6 ? HttpVersion.Version11 : HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    private protected override void ConfigureHub(HubSetup hub) => hub.Build = builder => builder.WebHost.ConfigureKestrel(Listen);

    private protected override void ConfigureDevice(DeviceSetup device) => device.Build = builder => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        Listen(kestrel);
        kestrel.ListenUnixSocket(_socket, listen => listen.Protocols = HttpProtocols.Http2);
    });

    private protected override void ConfigureForwarder(DeviceSetup forwarder) => forwarder.Agent += agent =>
    {
        foreach (var target in new[] { AppTarget.Http2, AppTarget.HttpForGrpc, AppTarget.Https, AppTarget.UnixSocket })
        {
            var address = target switch
            {
                AppTarget.Http2 => new UriBuilder(AppUrl(Listener.Http2)) { Scheme = "h2c" }.Uri,
                AppTarget.HttpForGrpc => AppUrl(Listener.Http2),
                AppTarget.Https => AppUrl(Listener.Http2Tls),
                _ => new Uri("unix://" + _socket),
            };
            agent.Tunnels.Add(new AgentTunnelOptions { Slug = Slug(target), ForwardTo = address, ForwardHost = "preserve" });
        }
    };

    private static string Slug(AppTarget target) => $"to-{target.ToString().ToLowerInvariant()}";

    /// <summary>In the order of <see cref="Listener"/>.</summary>
    private void Listen(KestrelServerOptions kestrel)
    {
        kestrel.Listen(IPAddress.Loopback, 0);
        kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate));
        kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate));
        kestrel.Listen(IPAddress.IPv6Loopback, 0);
    }
}

/// <summary>What a server listens for.</summary>
public enum Listener
{
    /// <summary>HTTP/1.1 without TLS.</summary>
    Http1,

    /// <summary>HTTP/2 without TLS.</summary>
    Http2,

    /// <summary>TLS, where the client offers HTTP/2 (ALPN).</summary>
    Http2Tls,

    /// <summary>TLS, where the client offers HTTP/1.1.</summary>
    Http1Tls,

    /// <summary>HTTP/1.1 without TLS on <c>[::1]</c>.</summary>
    IPv6,
}

/// <summary>Where a tunnel leads.</summary>
public enum AppTarget
{
    /// <summary>To the app's own pipeline.</summary>
    InProcessByPath,

    /// <summary>To the app's own pipeline.</summary>
    InProcessBySubdomain,

    /// <summary><c>h2c://</c></summary>
    Http2,

    /// <summary><c>http://</c> of a server that speaks HTTP/2 only.</summary>
    HttpForGrpc,

    /// <summary><c>https://</c></summary>
    Https,

    /// <summary><c>unix://</c> of a server that speaks HTTP/2 only.</summary>
    UnixSocket,

    /// <summary>To the app's Kestrel, in HTTP/1.1.</summary>
    ForwardedByPath,

    /// <summary>To the app's Kestrel, in HTTP/1.1.</summary>
    ForwardedBySubdomain,
}
