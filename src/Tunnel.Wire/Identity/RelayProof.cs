using System.Globalization;

namespace Tunnel.Wire.Identity;

/// <summary>
/// The relay's signature over both sides' nonces: an agent that was told the relay's key knows by it that nobody else answered, whatever
/// certificate authorities say.
/// </summary>
internal static class RelayProof
{
    private const string Context = "tunnel.v1 relay";

    public static string Sign(SigningKey key, string agentNonce, string relayNonce, string audience, string session, int epoch) =>
        SignedStatement.Sign(key, Context, agentNonce, relayNonce, audience, session, Text(epoch));

    public static bool Verify(
        PublicKey key, string agentNonce, string relayNonce, string audience, string session, int epoch, string signature) =>
        SignedStatement.Verify(key, signature, Context, agentNonce, relayNonce, audience, session, Text(epoch));

    private static string Text(int epoch) => epoch.ToString(CultureInfo.InvariantCulture);
}
