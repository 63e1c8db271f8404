using System.Net;

namespace Tunnel.Cli;

/// <summary>What <c>tunnel relay</c> was told.</summary>
internal sealed record RelaySettings(
    IReadOnlyList<string> Urls, Uri? PublicUrl, string? Domain, string DataDirectory, IReadOnlyList<IPNetwork> TrustedProxies, string? ErrorPages,
    bool Development);
