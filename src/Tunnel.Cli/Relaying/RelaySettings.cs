using System.Net;

namespace Tunnel.Cli.Relaying;

/// <summary>What <c>tunnel relay</c> was told.</summary>
internal sealed record RelaySettings(
    IReadOnlyList<string> Urls, Uri? PublicUrl, string? Domain, string DataDirectory, IReadOnlyList<string> AuthorizedKeys,
    IReadOnlyList<IPNetwork> TrustedProxies, string? ErrorPages, bool Development, bool Json);
