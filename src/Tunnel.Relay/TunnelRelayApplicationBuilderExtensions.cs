using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tunnel.Relay;
using Tunnel.Relay.Connect;
using Tunnel.Relay.Health;
using Tunnel.Relay.Hosting;
using Tunnel.Relay.Ingress;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Makes an app a tunnel relay.</summary>
public static class TunnelRelayApplicationBuilderExtensions
{
    /// <summary>
    /// Makes this app a relay: agents dial in at <c>/.tunnel/connect</c>, visitors reach their apps under the relay's public URLs.
    /// Works with or without <c>AddTunnelRelay</c>.
    /// </summary>
    /// <param name="app">The app.</param>
    /// <returns><paramref name="app"/>.</returns>
    /// <exception cref="OptionsValidationException">The settings are not valid; the message lists every error.</exception>
    /// <exception cref="InvalidOperationException">The data directory cannot be used, or another relay process uses it.</exception>
    /// <remarks>
    /// Call it before the app's own middleware, after forwarded headers and https redirection; the app's own routes go on working beside it.
    /// The endpoint that agents dial in at allows anonymous access, because agents prove who they are with their keys.
    /// </remarks>
    /// <example>
    /// <code language="csharp">
    /// var builder = WebApplication.CreateBuilder(args);
    /// var app = builder.Build();
    ///
    /// app.UseTunnelRelay();
    ///
    /// app.MapGet("/", () =&gt; "I am the hub. Tunnels are under /t/{slug}/.");
    /// app.Run();
    /// </code>
    /// </example>
    public static IApplicationBuilder UseTunnelRelay(this IApplicationBuilder app) => Use(app, configureConnectEndpoint: null);

    /// <param name="app">The app.</param>
    /// <param name="configureConnectEndpoint">
    /// Puts policies on the endpoint that agents dial in at. It replaces the anonymous access that the endpoint allows otherwise; agents prove who
    /// they are with their keys in any case.
    /// </param>
    /// <exception cref="OptionsValidationException">The settings are not valid; the message lists every error.</exception>
    /// <exception cref="InvalidOperationException">
    /// The data directory cannot be used, or another relay process uses it; or <paramref name="app"/> has no endpoints to put policies on.
    /// </exception>
    /// <inheritdoc cref="UseTunnelRelay(IApplicationBuilder)"/>
    /// <remarks>Call it before the app's own middleware, after forwarded headers and https redirection.</remarks>
    /// <example>
    /// <code language="csharp">
    /// app.UseTunnelRelay(agents =&gt; agents.RequireHost("agents.example.com"));
    /// </code>
    /// </example>
    public static IApplicationBuilder UseTunnelRelay(
        this IApplicationBuilder app, Action<IEndpointConventionBuilder> configureConnectEndpoint)
    {
        ArgumentNullException.ThrowIfNull(configureConnectEndpoint);
        return Use(app, configureConnectEndpoint);
    }

    private static IApplicationBuilder Use(IApplicationBuilder app, Action<IEndpointConventionBuilder>? configureConnectEndpoint)
    {
        ArgumentNullException.ThrowIfNull(app);
        var relay = app.ApplicationServices.GetService<TunnelRegistry>() is null
            ? RelayServices.Own(app.ApplicationServices)
            : app.ApplicationServices;

        // Errors in the settings or the data directory are the caller's to see, at the line that made them.
        _ = relay.GetRequiredService<IOptions<TunnelRelayOptions>>().Value;
        _ = relay.GetRequiredService<ClaimLedger>();
        _ = relay.GetRequiredService<RelayKey>();
        _ = relay.GetRequiredService<RelayMetrics>();
        app.ApplicationServices.GetService<RunningRelay>()?.Health = relay.GetRequiredService<RelayHealth>();
        relay.GetRequiredService<VisitorServerLimits>().Apply();
        relay.GetRequiredService<EnrolmentNotice>().Watch();
        app.Use(next => ActivatorUtilities.CreateInstance<IngressMiddleware>(relay, next).InvokeAsync);

        var connect = Connect(app, relay.GetRequiredService<ConnectEndpoint>());
        if (app is IEndpointRouteBuilder endpoints)
        {
            var endpoint = endpoints.Map(RelayDefaults.ConnectPath, connect).WithDisplayName("Tunnel agents");
            if (configureConnectEndpoint is null)
            {
                endpoint.AllowAnonymous();
            }
            else
            {
                configureConnectEndpoint(endpoint);
            }

            // WebApplication would put these in front of the ingress, and visitors would meet the hub's own routing and policies.
            app.UseRouting();
            DeferredAuthentication.Use(app);
            return app;
        }

        if (configureConnectEndpoint is not null)
        {
            throw new InvalidOperationException(
                "UseTunnelRelay can put policies on the agents' endpoint only where the app has endpoints of its own: call it on the WebApplication.");
        }

        return app.Use(next => context => context.Request.Path == RelayDefaults.ConnectPath ? connect(context) : next(context));
    }

    /// <summary>The connect endpoint with WebSockets switched on for it alone.</summary>
    private static RequestDelegate Connect(IApplicationBuilder app, ConnectEndpoint endpoint)
    {
        var branch = app.New();
        branch.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan }); // the session has its own heartbeat
        branch.Run(endpoint.HandleAsync);
        return branch.Build();
    }
}
