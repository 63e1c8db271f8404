using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Wire.Codec;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Between header values as octets, which is what they are on the way (RFC 9110 section 5.5), and as the strings that this app's server
/// makes of a visitor's, or takes for it.
/// </summary>
internal sealed partial class VisitorHeaders(IServer server, IOptions<KestrelServerOptions> kestrel, ILogger<VisitorHeaders> logger)
{
    private readonly bool _isKestrel = server.GetType().Assembly == typeof(KestrelServerOptions).Assembly;
    private int _warned;

    /// <summary>Adds a visitor's header line to a head, in the octets that the visitor sent.</summary>
    public void Write(HeadWriter head, string name, string value)
    {
        if (Ascii.IsValid(value))
        {
            head.Header(name, value);
        }
        else
        {
            // Kestrel's own default is UTF-8.
            head.Header(name, value, kestrel.Value.RequestHeaderEncodingSelector(name) ?? Encoding.UTF8);
        }
    }

    /// <summary>What the server has to be given so that it sends a value's octets; false if it does not send them.</summary>
    public bool TryRead(string name, ReadOnlySpan<byte> octets, out string value)
    {
        if (Ascii.IsValid(octets))
        {
            value = CachedText.Latin1(octets);
            return true;
        }

        if (Decode(name, octets) is { } text)
        {
            value = text;
            return true;
        }

        value = string.Empty;
        if (Interlocked.Exchange(ref _warned, 1) == 0)
        {
            LogLeftOut(name);
        }

        return false;
    }

    private string? Decode(string name, ReadOnlySpan<byte> octets)
    {
        try
        {
            var encoding = _isKestrel ? kestrel.Value.ResponseHeaderEncodingSelector(name) : Encoding.UTF8;
            return encoding?.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            return null; // the app has chosen a strict encoding
        }
    }

    [LoggerMessage(204, LogLevel.Warning,
        "A response's header {Name} was left out, because this app's server does not send its octets. Set Tunnel:Relay:AdaptServer to true to let the octets of all such headers through. This is said once.",
        EventName = "HeaderLeftOut")]
    private partial void LogLeftOut(string name);
}
