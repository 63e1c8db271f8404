namespace Tunnel.Relay.Storage;

/// <summary>Who claims slugs.</summary>
/// <param name="ServerId">The owner of what is claimed.</param>
/// <param name="KeyId">The fingerprint of the key: two devices of one owner do not share a random slug.</param>
/// <param name="IsDevelopment">Whether the claims are kept in memory only.</param>
internal sealed record SlugClaimant(string ServerId, string KeyId, bool IsDevelopment)
{
    public static SlugClaimant Of(RegisteredKey key) => new(key.ServerId, key.PublicKey.Fingerprint, key.IsDevelopment);

    /// <summary>Names one of the key's tunnels without a wish, counted from 0.</summary>
    public string Holder(int place) => place == 0 ? KeyId : $"{KeyId}#{place}";
}
