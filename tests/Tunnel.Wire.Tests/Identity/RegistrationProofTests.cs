using Tunnel.Wire.Identity;

namespace Tunnel.Wire.Tests.Identity;

public sealed class RegistrationProofTests
{
    private const string Audience = "https://relay.example";
    private const string Token = "a.b.c";

    [Fact]
    public void A_proof_holds_for_its_nonce_audience_token_and_key_only()
    {
        using var key = SigningKey.Create();
        using var other = SigningKey.Create();
        var nonce = Nonce.Create();

        var proof = RegistrationProof.Sign(key, nonce, Audience, Token);

        Assert.True(RegistrationProof.Verify(key.PublicKey, nonce, Audience, Token, proof));
        Assert.False(RegistrationProof.Verify(key.PublicKey, Nonce.Create(), Audience, Token, proof));
        Assert.False(RegistrationProof.Verify(key.PublicKey, nonce, "https://other.example", Token, proof));
        Assert.False(RegistrationProof.Verify(key.PublicKey, nonce, Audience, "a.b.d", proof));
        Assert.False(RegistrationProof.Verify(other.PublicKey, nonce, Audience, Token, proof));
        Assert.False(RegistrationProof.Verify(key.PublicKey, nonce, Audience, Token, proof + "="));
        Assert.False(RegistrationProof.Verify(key.PublicKey, nonce, Audience, Token, ""));
    }

    [Fact]
    public void The_signed_text_is_the_documented_one()
    {
        using var key = SigningKey.Create();
        var nonce = Nonce.Create();

        Assert.True(Base64UrlText.TryDecode(RegistrationProof.Sign(key, nonce, Audience, Token), out var signature));

        // openssl dgst -sha256 of a.b.c
        var text = $"tunnel.v1 register\n{nonce}\n{Audience}\nhF4wRIgJ4ryJWOsCW_x5UjXROwd6U9DDq70jhRcNybg";
        Assert.True(key.PublicKey.Verify(System.Text.Encoding.ASCII.GetBytes(text), signature));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nhttps://other.example")]
    public void A_relay_cannot_choose_what_is_signed(string nonce)
    {
        using var key = SigningKey.Create();

        Assert.Throws<ArgumentException>(() => RegistrationProof.Sign(key, nonce, Audience, Token));
    }

    [Fact]
    public void Nonces_are_fresh()
    {
        Assert.True(Nonce.IsValid(Nonce.Create()));
        Assert.NotEqual(Nonce.Create(), Nonce.Create());
    }
}
