using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Storage;

/// <summary>A key that may connect. A development key enrolled by itself, for as long as this process runs.</summary>
internal sealed record RegisteredKey(PublicKey PublicKey, string ServerId, bool IsDevelopment);
