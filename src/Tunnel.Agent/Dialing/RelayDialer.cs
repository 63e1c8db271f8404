using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Tunnel.Wire;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Dialing;

/// <summary>Opens the connection to the relay.</summary>
internal sealed class RelayDialer(IOptions<TunnelAgentOptions> options, LinkKinds kinds, TimeProvider time)
{
    public const string ConnectPath = "/.tunnel/connect";

    /// <exception cref="DialException">It could not be opened, or what answered is no relay.</exception>
    public async Task<IRegistrationLink> DialAsync(CancellationToken cancellationToken)
    {
        var relay = options.Value.Relay!;
        var uri = ConnectUri(relay);
        var asksForWebSocket = options.Value.Connect is not null || kinds.PrefersWebSocket;
        if (!asksForWebSocket && await UpgradeDial.TryAsync(uri, options.Value, time, cancellationToken).ConfigureAwait(false) is { } link)
        {
            return link;
        }

        var socket = await OpenSocketAsync(uri, relay, cancellationToken).ConfigureAwait(false);
        if (!asksForWebSocket)
        {
            kinds.UpgradeFailed(); // the relay is there, and no upgraded connection gets to it
        }

        return new WebSocketLink(socket, time);
    }

    private async Task<WebSocket> OpenSocketAsync(Uri uri, Uri relay, CancellationToken cancellationToken)
    {
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
