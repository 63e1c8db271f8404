using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tunnel.Agent.Dialing;

/// <summary>One attempt to get a link: dials and registers within a time, and gives every failure a reason and a sentence.</summary>
internal sealed partial class LinkOpener(
    RelayDialer dialer, Registrar registrar, IOptions<TunnelAgentOptions> options, TimeProvider time, ILogger<LinkOpener> logger)
{
    /// <summary>Opens the first link of a new session. The caller owns the socket.</summary>
    /// <exception cref="DialException">The attempt failed.</exception>
    public Task<(WebSocket Socket, SessionLease Lease)> RegisterAsync(CancellationToken cancellationToken) =>
        TryAsync(
            async (socket, token) => (socket, await registrar.RegisterAsync(socket, token).ConfigureAwait(false)), cancellationToken);

    /// <summary>Opens the next link of a session. The caller owns the socket, if there is one.</summary>
    /// <returns>The socket, and how far the relay had received; no socket when the relay does not know the session any more.</returns>
    /// <exception cref="DialException">The attempt failed.</exception>
    public Task<(WebSocket? Socket, long PeerReceived)> ResumeAsync(SessionLease lease, long received, CancellationToken cancellationToken) =>
        TryAsync<(WebSocket?, long)>(
            async (socket, token) =>
            {
                if (await registrar.ResumeAsync(socket, lease, received, token).ConfigureAwait(false) is { } peerReceived)
                {
                    return (socket, peerReceived);
                }

                socket.Dispose();
                return (null, 0);
            },
            cancellationToken);

    private async Task<T> TryAsync<T>(Func<WebSocket, CancellationToken, Task<T>> register, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(AgentDefaults.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        WebSocket? socket = null;
        try
        {
            socket = await dialer.DialAsync(either.Token).ConfigureAwait(false);
            return await register(socket, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            socket?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw Explain(exception, deadline.IsCancellationRequested);
        }
    }

    private DialException Explain(Exception exception, bool isLate)
    {
        switch (exception)
        {
            case DialException explained:
                return explained;
            case OperationCanceledException when isLate:
                return new DialException(TunnelFailureReason.Unreachable,
                    $"The relay at {options.Value.Relay} did not answer within {AgentDefaults.ConnectTimeout.TotalSeconds:0} seconds. Check the address and the network.");
            default:
                // Whatever it is, it is one failed attempt: an exception that gets further would stop the whole app.
                LogFault(exception);
                return new DialException(TunnelFailureReason.Unreachable,
                    $"An attempt to connect to the relay at {options.Value.Relay} failed unexpectedly: {exception.Message}", inner: exception);
        }
    }

    [LoggerMessage(204, LogLevel.Error, "An attempt to connect failed unexpectedly.", EventName = "ConnectFault")]
    private partial void LogFault(Exception exception);
}
