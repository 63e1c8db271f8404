using System.Text.RegularExpressions;

namespace Tunnel.Cli.Arguments;

/// <summary>
/// The packages' messages name the settings of an app. Whoever runs the command has options instead, and for the relay's other settings
/// environment variables.
/// </summary>
internal static partial class SettingNames
{
    private static readonly Dictionary<string, string> _agentOptions = new(StringComparer.Ordinal)
    {
        ["Tunnel:Agent:ForwardTo"] = "<port|url>",
        ["Tunnel:Agent:Relay"] = "--relay",
        ["Tunnel:Agent:Slug"] = "--slug",
        ["Tunnel:Agent:ForwardHost"] = "--host",
        ["Tunnel:Agent:ForwardCertificate"] = "--certificate",
        ["Tunnel:Agent:CredentialsFile"] = "--key",
        ["Tunnel:Agent:RelayKey"] = "--relay-key",
        ["Tunnel:Agent:Proxy"] = "--proxy",
        ["Tunnel:Agent:CertificateAuthorities"] = "--ca",
    };

    private static readonly Dictionary<string, string> _relayOptions = new(StringComparer.Ordinal)
    {
        ["Tunnel:Relay:PublicUrl"] = "--public-url",
        ["Tunnel:Relay:Domain"] = "--domain",
        ["Tunnel:Relay:DataDirectory"] = "--data",
        ["Tunnel:Relay:AuthorizedKeys"] = "--authorized-key",
        ["Tunnel:Relay:ErrorPages"] = "--error-pages",
        ["Tunnel:Relay:DevelopmentEnrolment"] = "--development",
    };

    /// <summary>For <c>tunnel http</c>. The relay's settings stay as they are: its operator may run it in an app of their own.</summary>
    public static string ToAgentOptions(string sentence) =>
        Setting.Replace(sentence, match => _agentOptions.GetValueOrDefault(match.Value, match.Value));

    /// <summary>For <c>tunnel relay</c>.</summary>
    public static string ToRelayOptions(string sentence) => Setting.Replace(sentence, match =>
        _relayOptions.TryGetValue(match.Value, out var option) ? option
        : match.Value.StartsWith("Tunnel:Relay", StringComparison.Ordinal)
            ? $"the environment variable {match.Value.Replace(":", "__", StringComparison.Ordinal)}"
        : match.Value);

    [GeneratedRegex("Tunnel:(?:Agent|Relay)(?::[A-Za-z]+)+", RegexOptions.CultureInvariant)]
    private static partial Regex Setting { get; }
}
