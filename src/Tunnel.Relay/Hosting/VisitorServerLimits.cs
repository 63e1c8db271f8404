using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tunnel.Relay.Hosting;

/// <summary>
/// What this app's server lets visitors send, and what it adds to responses. Its defaults suit an app that knows its visitors' requests;
/// the apps behind tunnels decide for themselves, and get to decide if the server is adapted.
/// </summary>
internal sealed partial class VisitorServerLimits(
    IServer server, IOptions<KestrelServerOptions> kestrel, IOptions<TunnelRelayOptions> options, IHostApplicationLifetime lifetime,
    ILogger<VisitorServerLimits> logger)
{
    /// <summary>Adapts the server if the settings say so, and says at the start what caps visitors. Call it before the server starts.</summary>
    public void Apply()
    {
        if (server.GetType().Assembly != typeof(KestrelServerOptions).Assembly)
        {
            return; // another server's limits are not known here
        }

        if (options.Value.AdaptServer)
        {
            Adapt(kestrel.Value);
        }

        lifetime.ApplicationStarted.Register(Announce);
    }

    /// <summary>Raises what is lower, and lets every octet of a header through in both directions.</summary>
    private static void Adapt(KestrelServerOptions server)
    {
        var limits = server.Limits;
        limits.MaxRequestLineSize = Math.Max(limits.MaxRequestLineSize, RelayDefaults.RequestLineSize);
        limits.MaxRequestHeaderCount = Math.Max(limits.MaxRequestHeaderCount, RelayDefaults.RequestHeaderCount);
        limits.MaxRequestHeadersTotalSize = Math.Max(limits.MaxRequestHeadersTotalSize, RelayDefaults.RequestHeadersTotalSize);
        server.AddServerHeader = false;
        server.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        server.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
    }

    private void Announce()
    {
        var limits = kestrel.Value.Limits;
        LogLimits(
            limits.MaxRequestLineSize, limits.MaxRequestHeaderCount, limits.MaxRequestHeadersTotalSize,
            options.Value.AdaptServer ? string.Empty : " Tunnel:Relay:AdaptServer raises the server's defaults.");
    }

    [LoggerMessage(109, LogLevel.Information,
        "Visitors' requests may have a request line of {LineSize} bytes and {HeaderCount} header lines of {HeadersSize} bytes together, as this app's server allows; bodies are limited by the apps behind the tunnels only.{Remedy}",
        EventName = "VisitorLimits")]
    private partial void LogLimits(int lineSize, int headerCount, int headersSize, string remedy);
}
