using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>The one local server that requests are forwarded to. Nothing in a request can change it.</summary>
internal sealed class ForwardTarget
{
    private const string Http2Scheme = "h2c";

    private ForwardTarget(Uri uri, EndPoint endPoint, string host, string authority)
    {
        Uri = uri;
        EndPoint = endPoint;
        Host = host;
        Authority = authority;
    }

    public Uri Uri { get; }

    public EndPoint EndPoint { get; }

    /// <summary>The name that a certificate must be for.</summary>
    public string Host { get; }

    /// <summary>What the target expects as <c>Host</c>: name and port, the port left out when it is the scheme's default (RFC 9110 section 7.2).</summary>
    public string Authority { get; }

    public bool IsTls => Uri.Scheme == Uri.UriSchemeHttps;

    /// <summary>Whether the target speaks HTTP/2 without TLS and nothing else (RFC 9113 section 3.3).</summary>
    public bool IsHttp2 => Uri.Scheme == Http2Scheme;

    /// <summary>Whether only this machine can take part in what is said to the target.</summary>
    public bool IsLoopback => EndPoint switch
    {
        IPEndPoint end => IPAddress.IsLoopback(end.Address),
        DnsEndPoint end => end.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase),
        _ => true,
    };

    /// <summary>Takes the option's value, or says what is wrong with it in a sentence that names the option.</summary>
    public static bool TryParse(
        Uri value,
        [NotNullWhen(true)] out ForwardTarget? target,
        [NotNullWhen(false)] out string? error,
        string setting = "Tunnel:Agent:ForwardTo")
    {
        target = null;
        error = Check(value, setting);
        if (error is not null)
        {
            return false;
        }

        if (value.Scheme == "unix")
        {
            // A socket's path is no name that a server could know, so a request for it carries the name of this machine.
            target = new ForwardTarget(value, new UnixDomainSocketEndPoint(PathOf(value)), "localhost", "localhost");
            return true;
        }

        // Without TLS the default port is that of http.
        var web = value.Scheme == Http2Scheme ? new UriBuilder(value) { Scheme = Uri.UriSchemeHttp }.Uri : value;
        var host = web.HostNameType == UriHostNameType.IPv6 ? web.Host : web.IdnHost;
        EndPoint endPoint = IPAddress.TryParse(web.DnsSafeHost, out var address)
            ? new IPEndPoint(address, web.Port)
            : new DnsEndPoint(web.IdnHost, web.Port);
        target = new ForwardTarget(value, endPoint, web.IdnHost, web.IsDefaultPort ? host : $"{host}:{web.Port}");
        return true;
    }

    private static string? Check(Uri value, string setting) =>
        !value.IsAbsoluteUri || value.Scheme is not ("http" or "https" or Http2Scheme or "unix")
            ? $"{setting} is '{value}'; give a full address that begins with http://, https://, h2c:// or unix:///, such as http://localhost:3000."
        : value.UserInfo.Length > 0
            ? $"{setting} holds a user name or password; leave it out, since visitors' own credentials are passed on unchanged."
        : value.Query.Length > 0 || value.Fragment.Length > 0
            ? $"{setting} is '{value}'; leave out the query and the fragment, since every request brings its own."
        : value.Scheme == "unix"
            ? value.Host.Length > 0 || Encoding.UTF8.GetByteCount(PathOf(value)) is not (> 1 and <= MaxSocketPath)
                ? $"{setting} is '{value}'; a Unix socket is written unix:///run/app.sock and its path has at most {MaxSocketPath} bytes."
                : null
        : value.Host.Length == 0
            ? $"{setting} is '{value}', which names no server; write for example h2c://localhost:5000."
        : value.AbsolutePath is not ("" or "/")
            ? $"{setting} is '{value}'; leave out the path, since requests keep theirs."
        : null;

    // What sun_path of the platforms' sockaddr_un holds beside its terminating zero (macOS has the smallest).
    private const int MaxSocketPath = 103;

    private static string PathOf(Uri value) => Uri.UnescapeDataString(value.AbsolutePath);
}
