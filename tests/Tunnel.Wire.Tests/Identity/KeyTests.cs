using System.Security.Cryptography;
using Tunnel.Wire.Identity;

namespace Tunnel.Wire.Tests.Identity;

public sealed class KeyTests
{
    private const string Rfc8032Key1 = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    [Theory]
    [InlineData((int)KeyAlgorithm.EdDsa, "ed25519:")]
    [InlineData((int)KeyAlgorithm.Es256, "es256:")]
    public void A_key_survives_export_and_import(int algorithm, string prefix)
    {
        using var key = SigningKey.Create((KeyAlgorithm)algorithm);
        using var copy = SigningKey.Import((KeyAlgorithm)algorithm, key.ExportPrivateKey());

        Assert.Equal(key.PublicKey, copy.PublicKey);
        Assert.StartsWith(prefix, key.PublicKey.Text);
        Assert.True(PublicKey.TryParse(key.PublicKey.Text, out var parsed));
        Assert.Equal(key.PublicKey, parsed);
        Assert.True(parsed.Verify("data"u8, copy.Sign("data"u8)));
        Assert.False(parsed.Verify("Data"u8, copy.Sign("data"u8)));
        Assert.False(parsed.Verify("data"u8, copy.Sign("data"u8).AsSpan(1)));
    }

    [Fact]
    public void Names_of_a_key_never_change()
    {
        Assert.True(PublicKey.TryParse(Rfc8032Key1, out var key));

        // Computed apart from this code with sha256sum, base64 and base32.
        Assert.Equal("SHA256:NMmxZnm8xoN5I5t8JH9WxmgVXthU47WTzmPWG2baekI", key.Fingerprint);
        Assert.Equal("srv_gte3cztzxtdig6jd", key.ServerId);
        Assert.True(PublicKey.IsFingerprint(key.Fingerprint));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ed25519:")]
    [InlineData("ed448:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    [InlineData("ED25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    [InlineData("ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR")]
    [InlineData("ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    [InlineData("ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp")]
    [InlineData("ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    [InlineData("ed25519: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    [InlineData("es256:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    public void Texts_that_are_no_key_are_refused(string? text) => Assert.False(PublicKey.TryParse(text, out _));

    [Fact]
    public void A_point_off_the_curve_is_refused()
    {
        using var key = SigningKey.Create(KeyAlgorithm.Es256);
        Assert.True(Base64UrlText.TryDecode(key.PublicKey.Text.AsSpan("es256:".Length), out var point));

        point[64] ^= 1;

        Assert.False(PublicKey.TryCreate(KeyAlgorithm.Es256, point, out _));
    }

    [Fact]
    public void A_key_of_another_curve_is_no_ES256_key()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.ThrowsAny<CryptographicException>(() => SigningKey.Import(KeyAlgorithm.Es256, other.ExportPkcs8PrivateKey()));
    }

    [Fact]
    public void A_signing_key_shows_its_fingerprint_only()
    {
        using var key = SigningKey.Create();

        Assert.Equal(key.PublicKey.Fingerprint, key.ToString());
    }

    [Fact]
    public void A_disposed_key_signs_nothing()
    {
        var key = SigningKey.Create(KeyAlgorithm.EdDsa);
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => key.Sign("data"u8));
        Assert.Throws<ObjectDisposedException>(key.ExportPrivateKey);
    }
}
