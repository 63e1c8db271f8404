using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Tunnel.Wire;

namespace Tunnel.Agent.Dialing;

/// <summary>Opens the WebSocket to the relay.</summary>
internal sealed class RelayDialer(IOptions<TunnelAgentOptions> options)
{
    public const string ConnectPath = "/.tunnel/connect";

    /// <exception cref="DialException">It could not be opened, or what answered is no relay.</exception>
    public async Task<WebSocket> DialAsync(CancellationToken cancellationToken)
    {
        var relay = options.Value.Relay!;
        var uri = ConnectUri(relay);
        var socket = options.Value.Connect is { } connect
            ? await ConnectAsync(() => connect(uri, WireDefaults.Subprotocol, cancellationToken), relay).ConfigureAwait(false)
            : await ConnectAsync(uri, relay, cancellationToken).ConfigureAwait(false);
        if (socket.SubProtocol == WireDefaults.Subprotocol)
        {
            return socket;
        }

        socket.Dispose();
        throw new DialException(TunnelFailureReason.NotARelay,
            $"{relay} accepts WebSockets but does not speak {WireDefaults.Subprotocol}. Check the relay's address, and that relay and agent have compatible versions.");
    }

    internal static Uri ConnectUri(Uri relay) => new UriBuilder(relay)
    {
        Scheme = relay.Scheme is "https" or "wss" ? "wss" : "ws",
        Path = relay.AbsolutePath.TrimEnd('/') + ConnectPath,
        Query = string.Empty,
        Fragment = string.Empty,
    }.Uri;

    private async Task<WebSocket> ConnectAsync(Uri uri, Uri relay, CancellationToken cancellationToken)
    {
        // A handler for each attempt: what it reads from files may have changed. The connection is the WebSocket's once it is open.
        using var invoker = new HttpMessageInvoker(RelayHandler.Create(options.Value));
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(WireDefaults.Subprotocol);
        socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan; // the session has its own heartbeat
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(uri, invoker, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (Exception exception) when (DialFailure.IsExpected(exception))
        {
            var failure = DialFailure.Explain(relay, socket.HttpStatusCode, socket.HttpResponseHeaders, exception);
            socket.Dispose();
            throw failure;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<WebSocket> ConnectAsync(Func<Task<WebSocket>> connect, Uri relay)
    {
        try
        {
            return await connect().ConfigureAwait(false);
        }
        catch (Exception exception) when (DialFailure.IsExpected(exception))
        {
            throw DialFailure.Explain(relay, 0, null, exception);
        }
    }
}
