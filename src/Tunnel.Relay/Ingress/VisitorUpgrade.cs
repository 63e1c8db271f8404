using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire.Codec;

namespace Tunnel.Relay.Ingress;

/// <summary>How a visitor asks for a byte stream both ways. To the agent it is an HTTP/1.1 upgrade in every case.</summary>
/// <param name="Kind">What the visitor's protocol calls it.</param>
/// <param name="Protocol">The protocol to switch to, such as <c>websocket</c>.</param>
internal readonly record struct VisitorUpgrade(VisitorUpgradeKind Kind, string? Protocol)
{
    public bool IsUpgrade => Kind != VisitorUpgradeKind.None;

    public static VisitorUpgrade Of(HttpContext context)
    {
        var features = context.Features;
        if (features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" })
        {
            return new VisitorUpgrade(VisitorUpgradeKind.ExtendedConnect, "websocket");
        }

        if (features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Request.Headers.Upgrade is { Count: > 0 } upgrade
            && upgrade.ToString() is var protocol
            && Ascii.IsValid(protocol) // or it names no protocol (RFC 9110 section 7.8)
            && !protocol.Contains("h2c", StringComparison.OrdinalIgnoreCase))
        {
            // Never to HTTP/2 (removed by RFC 9113): on such a connection every further request would pass the relay unseen.
            return new VisitorUpgrade(VisitorUpgradeKind.Http1, protocol);
        }

        // An in-memory test server has no byte stream to give; it offers WebSockets as such.
        return features.Get<IHttpWebSocketFeature>() is { IsWebSocketRequest: true }
            ? new VisitorUpgrade(VisitorUpgradeKind.Messages, "websocket")
            : default;
    }

    /// <summary>The headers of the upgrade towards the agent, which are hop-by-hop and were left out before.</summary>
    public void WriteHeaders(HeadWriter head)
    {
        if (!IsUpgrade)
        {
            return;
        }

        head.Header("Connection", "Upgrade");
        head.Header("Upgrade", Protocol!);
        if (Kind == VisitorUpgradeKind.ExtendedConnect)
        {
            // RFC 8441 section 5: HTTP/2 has no key; the server behind the agent wants one.
            head.Header("Sec-WebSocket-Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
        }
    }
}

/// <summary>Kinds of upgrades.</summary>
internal enum VisitorUpgradeKind
{
    None,

    /// <summary>RFC 9110 section 7.8.</summary>
    Http1,

    /// <summary>RFC 8441.</summary>
    ExtendedConnect,

    /// <summary>WebSocket messages from a server that cannot upgrade.</summary>
    Messages,
}
