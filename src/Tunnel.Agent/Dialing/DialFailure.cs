using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;

namespace Tunnel.Agent.Dialing;

/// <summary>Says in words why the link to the relay could not be opened, and what to do about it.</summary>
internal static class DialFailure
{
    public static bool IsExpected(Exception exception) =>
        exception is WebSocketException or IOException or InvalidOperationException or HttpRequestException;

    public static DialException Explain(
        Uri relay, HttpStatusCode status, IReadOnlyDictionary<string, IEnumerable<string>>? headers, Exception exception)
    {
        switch (status)
        {
            case 0:
                return new DialException(TunnelFailureReason.Unreachable,
                    $"The relay at {relay} cannot be reached: {ReasonOf(exception)}", inner: exception);
            case HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                return new DialException(TunnelFailureReason.Overloaded,
                    $"The relay at {relay} answered {(int)status} and takes no agents right now. The agent tries again by itself.",
                    RetryAfter(headers), exception);
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                return new DialException(TunnelFailureReason.KeyRefused,
                    $"The relay at {relay} answered {(int)status} before the agent could register. Ask its operator whether a proxy or a policy in front of it refuses agents.",
                    inner: exception);
            case HttpStatusCode.UpgradeRequired:
                return new DialException(TunnelFailureReason.NotARelay,
                    $"What answers at {relay} got the agent's request without its wish to upgrade the connection (426), so a proxy in between does not pass upgrades. Have it speak HTTP/1.1 to the relay and pass the headers Upgrade and Connection, as it does for WebSockets.",
                    inner: exception);
            case >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest when Header(headers, "Location") is { } location:
                return new DialException(TunnelFailureReason.NotARelay,
                    $"What answers at {relay} says that it is elsewhere: {location}. If that is the relay, set the agent's relay to that address.", inner: exception);
            default:
                return new DialException(TunnelFailureReason.NotARelay,
                    $"What answers at {relay} is no tunnel relay (it said {(int)status} to {RelayDialer.ConnectPath}). Check the address.", inner: exception);
        }
    }

    private static string ReasonOf(Exception exception)
    {
        var cause = exception;
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            cause = inner;
            if (inner is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError })
            {
                return $"{inner.Message.TrimEnd('.')}. Check Tunnel:Agent:Proxy, or HTTPS_PROXY and NO_PROXY, and the proxy's rules.";
            }
        }

        return cause switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
                "nothing listens there. Check the address, and that the relay is running.",
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
                "the host name is not known. Check the address and the network; behind a proxy, set HTTPS_PROXY or Tunnel:Agent:Proxy.",
            AuthenticationException when cause.Message.Contains("NameMismatch", StringComparison.Ordinal) =>
                "its TLS certificate is for another name. Use the address that the certificate is for.",
            AuthenticationException =>
                "its TLS certificate is not trusted. If it comes from an authority of your own, or a proxy in between has one, set Tunnel:Agent:CertificateAuthorities to a file with that authority's root certificate.",
            _ => $"{cause.Message.TrimEnd('.')}. Check the address, and that the relay is running.",
        };
    }

    private static string? Header(IReadOnlyDictionary<string, IEnumerable<string>>? headers, string name) =>
        headers is not null && headers.TryGetValue(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>In seconds (RFC 9110 section 10.2.3). A date would depend on two clocks; relays write seconds.</summary>
    private static TimeSpan? RetryAfter(IReadOnlyDictionary<string, IEnumerable<string>>? headers) =>
        int.TryParse(Header(headers, "Retry-After"), out var seconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 3600)) : null;
}
