namespace Tunnel.Cli;

/// <summary>What <c>tunnel http</c> was told.</summary>
internal sealed record ShareSettings(ShareTarget Target, Uri Relay, string? Slug, string? Host, string? Certificate, string? KeyFile, bool Retry);
