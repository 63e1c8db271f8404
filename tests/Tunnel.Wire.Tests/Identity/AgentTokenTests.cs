using System.Text;
using Tunnel.Wire.Identity;

namespace Tunnel.Wire.Tests.Identity;

public sealed class AgentTokenTests
{
    private const string Audience = "https://relay.example";
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData((int)KeyAlgorithm.EdDsa, "EdDSA")]
    [InlineData((int)KeyAlgorithm.Es256, "ES256")]
    public void A_token_carries_its_claims(int algorithm, string name)
    {
        using var key = SigningKey.Create((KeyAlgorithm)algorithm);
        var claims = Claims(key) with { Frame = "demo", Port = 3000 };

        var text = AgentToken.Create(key, claims);

        Assert.True(AgentToken.TryParse(text, out var token));
        Assert.Equal(claims, token.Claims);
        Assert.Equal(key.PublicKey.Fingerprint, token.KeyId);
        Assert.Null(token.Validate(key.PublicKey, Audience, Now));
        Assert.Contains($"\"alg\":\"{name}\"", Json(text, 0));
        Assert.Contains("\"aud\":\"https://relay.example\"", Json(text, 1));
    }

    [Fact]
    public void A_token_changed_anywhere_is_refused()
    {
        using var key = SigningKey.Create();
        var text = AgentToken.Create(key, Claims(key));

        for (var i = 0; i < text.Length; i++)
        {
            var changed = text[..i] + (text[i] == 'A' ? 'B' : 'A') + text[(i + 1)..];
            Assert.False(AgentToken.TryParse(changed, out var token) && token.Validate(key.PublicKey, Audience, Now) is null);
        }
    }

    [Fact]
    public void The_key_and_not_the_header_chooses_the_algorithm()
    {
        using var key = SigningKey.Create(KeyAlgorithm.EdDsa);
        var good = AgentToken.Create(key, Claims(key));

        foreach (var name in (string[])["ES256", "none", "HS256", "eddsa"])
        {
            var header = Json(good, 0).Replace("EdDSA", name, StringComparison.Ordinal);
            Assert.True(AgentToken.TryParse(WithPart(good, 0, header), out var token));
            Assert.Equal(AgentTokenError.WrongAlgorithm, token.Validate(key.PublicKey, Audience, Now));
        }
    }

    [Fact]
    public void Another_key_is_refused()
    {
        using var key = SigningKey.Create();
        using var other = SigningKey.Create();
        Assert.True(AgentToken.TryParse(AgentToken.Create(key, Claims(key)), out var token));
        Assert.Equal(AgentTokenError.WrongKey, token.Validate(other.PublicKey, Audience, Now));

        var forged = AgentToken.Create(other, Claims(key));
        var header = Json(forged, 0).Replace(other.PublicKey.Fingerprint, key.PublicKey.Fingerprint, StringComparison.Ordinal);
        Assert.True(AgentToken.TryParse(WithPart(forged, 0, header), out token));
        Assert.Equal(AgentTokenError.BadSignature, token.Validate(key.PublicKey, Audience, Now));
    }

    // Seconds from now.
    [Theory]
    [InlineData(0, 3600, null)]
    [InlineData(0, 86_400, null)]
    [InlineData(0, 86_401, AgentTokenError.LifetimeTooLong)]
    [InlineData(0, 0, AgentTokenError.LifetimeTooLong)]
    [InlineData(10, 9, AgentTokenError.LifetimeTooLong)]
    [InlineData(0, long.MaxValue - 2_000_000_000, AgentTokenError.LifetimeTooLong)]
    [InlineData(-2_000_000_000, 10, AgentTokenError.LifetimeTooLong)]
    [InlineData(60, 3600, null)]
    [InlineData(61, 3600, AgentTokenError.IssuedInTheFuture)]
    [InlineData(-3600, -59, null)]
    [InlineData(-3600, -60, AgentTokenError.Expired)]
    public void Times_are_held_to(long issued, long expires, object? expected)
    {
        using var key = SigningKey.Create();
        var now = Now.ToUnixTimeSeconds();
        var claims = Claims(key) with { IssuedAt = now + issued, ExpiresAt = now + expires };

        Assert.Equal((AgentTokenError?)expected, Check(key, claims));
    }

    [Fact]
    public void Issuer_subject_and_audience_are_held_to()
    {
        using var key = SigningKey.Create();
        var claims = Claims(key);

        Assert.Equal(AgentTokenError.WrongIssuer, Check(key, claims with { Issuer = "someone" }));
        Assert.Equal(AgentTokenError.WrongIssuer, Check(key, claims with { Issuer = null }));
        Assert.Equal(AgentTokenError.SubjectMissing, Check(key, claims with { Subject = null }));
        Assert.Equal(AgentTokenError.SubjectMissing, Check(key, claims with { Subject = "" }));
        Assert.Equal(AgentTokenError.WrongAudience, Check(key, claims with { Audience = null }));
        Assert.Equal(AgentTokenError.WrongAudience, Check(key, claims with { Audience = Audience + "/" }));
        Assert.Equal(AgentTokenError.WrongAudience, Check(key, claims with { Audience = "https://relay.example.evil" }));
        Assert.All(Enum.GetValues<AgentTokenError>(), error => Assert.NotEmpty(error.Sentence(Audience)));
    }

    private static AgentTokenError? Check(SigningKey key, AgentTokenClaims claims)
    {
        Assert.True(AgentToken.TryParse(AgentToken.Create(key, claims), out var token));
        return token.Validate(key.PublicKey, Audience, Now);
    }

    private static AgentTokenClaims Claims(SigningKey key) =>
        AgentTokenClaims.For(key.PublicKey.ServerId, Audience, Now, TimeSpan.FromHours(1));

    private static string Json(string token, int part) =>
        Base64UrlText.TryDecode(token.Split('.')[part], out var json) ? Encoding.UTF8.GetString(json) : throw new FormatException();

    private static string WithPart(string token, int part, string json)
    {
        var parts = token.Split('.');
        parts[part] = Base64UrlText.Encode(Encoding.UTF8.GetBytes(json));
        return string.Join('.', parts);
    }
}
