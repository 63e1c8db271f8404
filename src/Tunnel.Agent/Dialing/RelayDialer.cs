using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Tunnel.Wire;

namespace Tunnel.Agent.Dialing;

/// <summary>Opens the WebSocket to the relay, and says in words why it could not.</summary>
internal sealed class RelayDialer(IOptions<TunnelAgentOptions> options)
{
    private const string ConnectPath = "/.tunnel/connect";

    public async Task<WebSocket> DialAsync(CancellationToken cancellationToken)
    {
        var relay = options.Value.Relay!;
        var uri = ConnectUri(relay);
        if (options.Value.Connect is { } connect)
        {
            return await ExplainAsync(relay, null, () => connect(uri, WireDefaults.Subprotocol, cancellationToken)).ConfigureAwait(false);
        }

        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(WireDefaults.Subprotocol);
        socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan; // the session has its own heartbeat
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            return await ExplainAsync(relay, socket, async () =>
            {
                await socket.ConnectAsync(uri, cancellationToken).ConfigureAwait(false);
                return socket;
            }).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static Uri ConnectUri(Uri relay) => new UriBuilder(relay)
    {
        Scheme = relay.Scheme is "https" or "wss" ? "wss" : "ws",
        Path = relay.AbsolutePath.TrimEnd('/') + ConnectPath,
        Query = string.Empty,
        Fragment = string.Empty,
    }.Uri;

    private static async Task<WebSocket> ExplainAsync(Uri relay, ClientWebSocket? client, Func<Task<WebSocket>> connect)
    {
        WebSocket socket;
        try
        {
            socket = await connect().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or InvalidOperationException)
        {
            throw Explain(relay, client?.HttpStatusCode, client?.HttpResponseHeaders, exception);
        }

        if (socket.SubProtocol != WireDefaults.Subprotocol)
        {
            socket.Dispose();
            throw new DialException(TunnelFailureReason.NotARelay,
                $"{relay} accepts WebSockets but does not speak {WireDefaults.Subprotocol}. Check the relay's address, and that relay and agent have compatible versions.");
        }

        return socket;
    }

    private static DialException Explain(
        Uri relay, HttpStatusCode? status, IReadOnlyDictionary<string, IEnumerable<string>>? headers, Exception exception)
    {
        if (status is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
        {
            return new DialException(TunnelFailureReason.Overloaded,
                $"The relay at {relay} answered {(int)status} and takes no agents right now. The agent tries again by itself.",
                RetryAfter(headers), exception);
        }

        if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            return new DialException(TunnelFailureReason.KeyRefused,
                $"The relay at {relay} answered {(int)status} before the agent could register. Ask its operator whether a proxy or a policy in front of it refuses agents.",
                inner: exception);
        }

        if (status is { } other && other != 0)
        {
            return new DialException(TunnelFailureReason.NotARelay,
                $"What answers at {relay} is no tunnel relay (it said {(int)other} to {ConnectPath}). Check the address.", inner: exception);
        }

        var cause = exception;
        while (cause.InnerException is { } inner)
        {
            cause = inner;
        }

        var why = cause switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "nothing listens there",
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "the host name is not known",
            AuthenticationException => "its TLS certificate is not trusted or does not fit its name",
            _ => cause.Message.TrimEnd('.'),
        };
        return new DialException(TunnelFailureReason.Unreachable,
            $"The relay at {relay} cannot be reached: {why}. Check the address, and that the relay is running.", inner: exception);
    }

    private static TimeSpan? RetryAfter(IReadOnlyDictionary<string, IEnumerable<string>>? headers) =>
        headers is not null && headers.TryGetValue("Retry-After", out var values) && int.TryParse(values.FirstOrDefault(), out var seconds)
            ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 3600))
            : null;
}
