using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>The one local server that requests are forwarded to. Nothing in a request can change it.</summary>
internal sealed class ForwardTarget
{
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

        var host = value.HostNameType == UriHostNameType.IPv6 ? value.Host : value.IdnHost;
        EndPoint endPoint = IPAddress.TryParse(value.DnsSafeHost, out var address)
            ? new IPEndPoint(address, value.Port)
            : new DnsEndPoint(value.IdnHost, value.Port);
        target = new ForwardTarget(value, endPoint, value.IdnHost, value.IsDefaultPort ? host : $"{host}:{value.Port}");
        return true;
    }

    private static string? Check(Uri value, string setting) =>
        !value.IsAbsoluteUri || value.Scheme is not ("http" or "https" or "unix")
            ? $"{setting} is '{value}'; give a full address that begins with http://, https:// or unix:///, such as http://localhost:3000."
        : value.UserInfo.Length > 0
            ? $"{setting} holds a user name or password; leave it out, since visitors' own credentials are passed on unchanged."
        : value.Query.Length > 0 || value.Fragment.Length > 0
            ? $"{setting} is '{value}'; leave out the query and the fragment, since every request brings its own."
        : value.Scheme == "unix"
            ? value.Host.Length > 0 || Encoding.UTF8.GetByteCount(PathOf(value)) is not (> 1 and <= MaxSocketPath)
                ? $"{setting} is '{value}'; a Unix socket is written unix:///run/app.sock and its path has at most {MaxSocketPath} bytes."
                : null
        : value.AbsolutePath is not ("" or "/")
            ? $"{setting} is '{value}'; leave out the path, since requests keep theirs."
        : null;

    // What sun_path of the platforms' sockaddr_un holds beside its terminating zero (macOS has the smallest).
    private const int MaxSocketPath = 103;

    private static string PathOf(Uri value) => Uri.UnescapeDataString(value.AbsolutePath);
}
