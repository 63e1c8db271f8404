using System.Net;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Cli.Arguments;

/// <summary>Reads the addresses on the command line; what is wrong with one is said in one sentence, with what would be right.</summary>
internal static class Addresses
{
    public const string DefaultListen = "http://127.0.0.1:6100";

    /// <summary>Reads <c>--urls</c>.</summary>
    public static string[] ParseListen(string text, Action<string> complain)
    {
        var urls = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (urls.Length == 0 || urls.Any(url => !IsListenAddress(url)))
        {
            complain($"'{text}' is not an address to listen on: write for example --urls {DefaultListen}.");
        }

        return urls;
    }

    /// <summary>Reads <c>--public-url</c>.</summary>
    public static Uri? ParsePublicUrl(string text, Action<string> complain) =>
        ParseOrigin(
            text,
            ["http", "https"],
            $"'{text}' is not an origin: write for example --public-url https://tunnel.example.com, with no path behind it.",
            complain);

    /// <summary>Reads <c>--relay</c>.</summary>
    public static Uri? ParseRelay(string text, Action<string> complain) =>
        ParseOrigin(
            text,
            ["http", "https", "ws", "wss"],
            $"'{text}' is not a relay's address: write for example --relay https://tunnel.example.com, with no path behind it.",
            complain);

    /// <summary>Reads <c>--proxy</c>.</summary>
    public static Uri? ParseProxy(string text, Action<string> complain)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri is { Scheme: "http" or "https" or "socks4" or "socks4a" or "socks5", Host.Length: > 0 })
        {
            return uri;
        }

        // The text stays out of the sentence, for it may hold a password.
        complain("The address of --proxy is not one: write for example --proxy http://proxy.example.com:3128.");
        return null;
    }

    /// <summary>Reads <c>--trusted-proxy</c>: a network, or one address.</summary>
    public static IPNetwork ParseNetwork(string text, Action<string> complain)
    {
        if (IPNetwork.TryParse(text, out var network))
        {
            return network;
        }

        if (IPAddress.TryParse(text, out var address))
        {
            return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        }

        complain($"'{text}' is not a proxy's address: write for example --trusted-proxy 127.0.0.1, or a network such as 10.0.0.0/8.");
        return default;
    }

    private static Uri? ParseOrigin(string text, string[] schemes, string sentence, Action<string> complain)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && schemes.Contains(uri.Scheme)
            && uri is { Host.Length: > 0, UserInfo: "", PathAndQuery: "/", Fragment: "", Port: > 0 })
        {
            return uri;
        }

        complain(sentence);
        return null;
    }

    private static bool IsListenAddress(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme is "http" or "https"
                && address is { PathBase: "", Host.Length: > 0, Port: >= 0 and <= ushort.MaxValue };
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
