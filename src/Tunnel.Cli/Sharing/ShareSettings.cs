using Tunnel.Cli.Arguments;

namespace Tunnel.Cli.Sharing;

/// <summary>What <c>tunnel http</c> was told.</summary>
internal sealed record ShareSettings(ShareTarget Target, Uri Relay)
{
    public string? Slug { get; init; }

    public string? Host { get; init; }

    public string? Certificate { get; init; }

    public string? KeyFile { get; init; }

    public string? RelayKey { get; init; }

    public string? CertificateAuthorities { get; init; }

    public Uri? Proxy { get; init; }

    public bool Retry { get; init; }

    public bool Json { get; init; }

    /// <summary>Whether to show a QR code; <see langword="null"/> for where it helps.</summary>
    public bool? Qr { get; init; }
}
