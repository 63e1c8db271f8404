using System.Net;
using Tunnel.Wire;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Dialing;

/// <summary>Asks the relay to upgrade a connection to the protocol itself (PROTOCOL.md, Upgraded connections).</summary>
internal static class UpgradeDial
{
    /// <returns>The link, or null when what answers wants none of this kind; it may still take a WebSocket.</returns>
    /// <exception cref="DialException">A WebSocket would not get there either.</exception>
    public static async Task<IRegistrationLink?> TryAsync(
        Uri uri, TunnelAgentOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        // As for a WebSocket: the connection is the link's once it is open.
        using var invoker = new HttpMessageInvoker(RelayHandler.Create(options));
        using var request = new HttpRequestMessage(HttpMethod.Get, uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd(WireDefaults.Subprotocol);
        using var deadline = new CancellationTokenSource(AgentDefaults.UpgradeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        HttpResponseMessage response;
        try
        {
            response = await invoker.SendAsync(request, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (HttpRequestException exception) when (NobodyWasReached(exception))
        {
            throw DialFailure.Explain(options.Relay!, 0, null, exception);
        }
        catch (Exception exception) when (DialFailure.IsExpected(exception))
        {
            return null;
        }

        if (response.StatusCode == HttpStatusCode.SwitchingProtocols
            && response.Headers.Upgrade.Any(static protocol => protocol.ToString() == WireDefaults.Subprotocol))
        {
            var connection = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return new UpgradedLink(connection, connection.Dispose, time);
        }

        using (response)
        {
            // The relay's own say when to come again; a proxy that has no use for the upgrade does not.
            if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter is not null)
            {
                throw DialFailure.Explain(
                    options.Relay!, response.StatusCode, response.Headers.ToDictionary(static header => header.Key, static header => header.Value),
                    new HttpRequestException($"The relay answered {(int)response.StatusCode}."));
            }
        }

        return null;
    }

    /// <summary>Whether no connection came about at all, as opposed to one that ended because somebody did not like the request on it.</summary>
    private static bool NobodyWasReached(HttpRequestException exception) => exception.HttpRequestError
        is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
        or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;
}
