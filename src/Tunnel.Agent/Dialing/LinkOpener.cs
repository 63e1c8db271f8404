using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Diagnostics;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Dialing;

/// <summary>One attempt to get a link: dials and registers within a time, and gives every failure a reason and a sentence.</summary>
internal sealed partial class LinkOpener(
    RelayDialer dialer, LinkKinds kinds, Registrar registrar, IOptions<TunnelAgentOptions> options, AgentMetrics metrics, TimeProvider time,
    ILogger<LinkOpener> logger)
{
    /// <summary>Opens the first link of a new session. The caller owns it.</summary>
    /// <exception cref="DialException">The attempt failed.</exception>
    public Task<(ILink Link, SessionLease Lease)> RegisterAsync(CancellationToken cancellationToken) =>
        TryAsync<(ILink, SessionLease)>(
            async (link, token) => (link, await registrar.RegisterAsync(link, token).ConfigureAwait(false)), cancellationToken);

    /// <summary>Opens the next link of a session. The caller owns it, if there is one.</summary>
    /// <returns>The link, and how far the relay had received; no link when the relay does not know the session any more.</returns>
    /// <exception cref="DialException">The attempt failed.</exception>
    public Task<(ILink? Link, long PeerReceived)> ResumeAsync(SessionLease lease, long received, CancellationToken cancellationToken) =>
        TryAsync<(ILink?, long)>(
            async (link, token) =>
            {
                if (await registrar.ResumeAsync(link, lease, received, token).ConfigureAwait(false) is { } peerReceived)
                {
                    return (link, peerReceived);
                }

                await link.DisposeAsync().ConfigureAwait(false);
                return (null, 0);
            },
            cancellationToken);

    /// <summary>A link was lost before anything came over it: what lets registrations through may be in the way of what follows them.</summary>
    public void CarriedNothing(ILink link)
    {
        if (link is UpgradedLink)
        {
            kinds.UpgradeFailed();
        }
    }

    private async Task<T> TryAsync<T>(Func<IRegistrationLink, CancellationToken, Task<T>> register, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(AgentDefaults.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        IRegistrationLink? link = null;
        try
        {
            link = await dialer.DialAsync(either.Token).ConfigureAwait(false);
            return await register(link, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (link is not null)
            {
                link.Abort();
                await link.DisposeAsync().ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            var failure = Explain(exception, deadline.IsCancellationRequested);
            if (link is UpgradedLink && failure.Failure.Reason == TunnelFailureReason.Unreachable)
            {
                kinds.UpgradeFailed(); // it was opened, and no answer came over it
            }

            metrics.ConnectFailed(failure.Failure.Reason);
            throw failure;
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
