using Tunnel.Wire.Identity;

namespace Tunnel.Wire.Tests.Identity;

public sealed class IdentityVectorTests
{
    private static string Text(string name) => VectorFile.Identity[name];

    [Fact]
    public void Key_OfTheSpecification_HasItsNames()
    {
        using var key = Key();
        Assert.Equal(Text("publicKey"), key.PublicKey.Text);
        Assert.Equal(Text("fingerprint"), key.PublicKey.Fingerprint);
        Assert.Equal(Text("server-id"), key.PublicKey.ServerId);
    }

    [Fact]
    public void Token_OfTheSpecification_IsValidForItsAudienceAndTime()
    {
        using var key = Key();
        Assert.True(AgentToken.TryParse(Text("token"), out var token));
        Assert.Equal(Text("fingerprint"), token.KeyId);
        Assert.Null(token.Validate(key.PublicKey, Text("aud"), DateTimeOffset.FromUnixTimeSeconds(1_800_000_000)));
        Assert.NotNull(token.Validate(key.PublicKey, "https://other.example", DateTimeOffset.FromUnixTimeSeconds(1_800_000_000)));
        Assert.NotNull(token.Validate(key.PublicKey, Text("aud"), DateTimeOffset.FromUnixTimeSeconds(1_800_086_461)));
    }

    [Fact]
    public void Signatures_OfTheSpecification_AreTheProducts()
    {
        using var key = Key();
        var (relayNonce, agentNonce, aud, token, session) =
            (Text("relay-nonce"), Text("agent-nonce"), Text("aud"), Text("token"), Text("session"));

        Assert.Equal(Text("proof-register"), RegistrationProof.Sign(key, relayNonce, aud, token));
        Assert.Equal(Text("proof-resume-epoch-3"), RegistrationProof.SignResume(key, relayNonce, aud, token, session, 3));
        Assert.Equal(Text("signature-by-the-same-key-epoch-4"), RelayProof.Sign(key, agentNonce, relayNonce, aud, session, 4));

        Assert.False(RegistrationProof.VerifyResume(key.PublicKey, relayNonce, aud, token, session, 4, Text("proof-resume-epoch-3")));
        Assert.False(RelayProof.Verify(key.PublicKey, relayNonce, agentNonce, aud, session, 4, Text("signature-by-the-same-key-epoch-4")));
    }

    private static SigningKey Key() => SigningKey.Import(KeyAlgorithm.EdDsa, Convert.FromHexString(Text("private-key")));
}
