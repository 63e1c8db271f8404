using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Connect;

/// <summary>Makes a link of what an agent asks for: a connection upgraded to the protocol, or a WebSocket (PROTOCOL.md, Layers).</summary>
internal static class AgentConnection
{
    public static bool IsAsked(HttpContext context) =>
        IsUpgrade(context)
        || (context.WebSockets.IsWebSocketRequest && context.WebSockets.WebSocketRequestedProtocols.Contains(WireDefaults.Subprotocol));

    /// <summary>The caller disposes the link.</summary>
    public static async Task<IRegistrationLink> AcceptAsync(HttpContext context, TimeProvider time)
    {
        if (!IsUpgrade(context))
        {
            return new WebSocketLink(await context.WebSockets.AcceptWebSocketAsync(WireDefaults.Subprotocol), time);
        }

        context.Response.Headers.Upgrade = WireDefaults.Subprotocol;
        var connection = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();

        // Of the connection, not of the context: an abort may come when the request is over.
        return new UpgradedLink(connection, context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort, time);
    }

    private static bool IsUpgrade(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        && HttpMethods.IsGet(context.Request.Method)
        && string.Equals(context.Request.Headers.Upgrade.ToString(), WireDefaults.Subprotocol, StringComparison.Ordinal);
}
