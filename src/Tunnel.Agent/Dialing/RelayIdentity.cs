using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Wire.Identity;

namespace Tunnel.Agent.Dialing;

/// <summary>
/// Who the relay is: compares its key with the one that the agent was told, and checks that it holds the key. Without a configured key
/// it only says which one it saw, so that it can be configured.
/// </summary>
internal sealed partial class RelayIdentity(IOptions<TunnelAgentOptions> options, ILogger<RelayIdentity> logger)
{
    private string? _said; // the key that the log has last; a lost race costs one more line

    /// <exception cref="DialException">The relay is another one than the configured.</exception>
    public void Check(string agentNonce, string relayNonce, string session, int epoch, string relayKey, string signature)
    {
        var relay = options.Value.Relay!;
        var isKey = PublicKey.TryParse(relayKey, out var key);
        var isProven = isKey && RelayProof.Verify(key!, agentNonce, relayNonce, Origin.Of(relay), session, epoch, signature);
        if (options.Value.RelayKey is not { } expected)
        {
            if (isProven && _said != key!.Text)
            {
                _said = key.Text;
                LogRelayKey(key.Text, key.Fingerprint);
            }

            return;
        }

        if (isProven && (key!.Text == expected || key.Fingerprint == expected))
        {
            return;
        }

        throw new DialException(TunnelFailureReason.RelayKeyMismatch, Explain(relay, key, expected));
    }

    private static string Explain(Uri relay, PublicKey? key, string expected) =>
        key is null
            ? $"What answers at {relay} shows no key, but Tunnel:Agent:RelayKey names the relay's. The tunnel stays closed. Update the relay, or check the address."
        : key.Text != expected && key.Fingerprint != expected
            ? $"What answers at {relay} has the key {key.Fingerprint}, which is not the one in Tunnel:Agent:RelayKey. The tunnel stays closed: somebody may be in between. Change the setting only if the relay's operator confirms the new key."
        : key.Algorithm == KeyAlgorithm.EdDsa && Ed25519.Available is null
            ? $"The key of the relay at {relay} cannot be checked on this machine, so the tunnel stays closed. Install libsodium or OpenSSL 3."
        : $"What answers at {relay} shows the key in Tunnel:Agent:RelayKey but does not hold it. The tunnel stays closed: somebody may be in between. Check the address and the network.";

    [LoggerMessage(207, LogLevel.Information,
        "The relay's key is {RelayKey}. To accept no other, set Tunnel:Agent:RelayKey to that or to {Fingerprint}.", EventName = "RelayKey")]
    private partial void LogRelayKey(string relayKey, string fingerprint);
}
