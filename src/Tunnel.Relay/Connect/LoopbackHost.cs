using System.Net;

namespace Tunnel.Relay.Connect;

/// <summary>Whether a host, as a URL or a Host header writes it, can only be this machine.</summary>
internal static class LoopbackHost
{
    /// <summary>
    /// <c>localhost</c>, <c>127.x.x.x</c> or <c>[::1]</c>. Names below <c>localhost</c> are left out: not every server and resolver
    /// takes them for this machine. So are other spellings of an address, such as <c>127.1</c>.
    /// </summary>
    public static bool Is(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (TryParseAddress(host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>An address in its usual spelling only, with the brackets that a URL puts around IPv6.</summary>
    public static bool TryParseAddress(string host, out IPAddress address)
    {
        var isBracketed = host is ['[', .., ']'];
        return IPAddress.TryParse(isBracketed ? host[1..^1] : host, out address!)
            && address.ToString() is var spelling
            && (isBracketed ? "[" + spelling + "]" : spelling).Equals(host, StringComparison.OrdinalIgnoreCase)
            && isBracketed == host.Contains(':');
    }
}
