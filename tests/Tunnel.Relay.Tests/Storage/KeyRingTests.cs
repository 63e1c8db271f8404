using Tunnel.Relay.Storage;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Tests.Storage;

public sealed class KeyRingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly PublicKey key = NewKey();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_registered_key_is_there_after_a_restart()
    {
        Open().Register(key, "printer-7");

        var found = Open().Find(key.Fingerprint);

        Assert.Equal(new RegisteredKey(key, "printer-7", IsDevelopment: false), found);
        Assert.Null(Open().Find(NewKey()));
    }

    [Fact]
    public void A_revoked_key_stays_away()
    {
        var ring = Open();
        ring.Register(key);

        Assert.True(ring.Revoke(key));

        Assert.False(ring.Revoke(key));
        Assert.Null(ring.Find(key));
        Assert.Null(Open().Find(key));
    }

    [Fact]
    public void Keys_of_the_configuration_need_no_registration()
    {
        var named = NewKey();
        var ring = Open(key.Text, $"  {named.Text}   office ");

        Assert.Equal(key.ServerId, ring.Find(key)?.ServerId);
        Assert.Equal("office", ring.Find(named)?.ServerId);
        Assert.False(File.Exists(folder.File(KeyRing.FileName)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ed25519:AAAA")]
    [InlineData("{0} office extra")]
    [InlineData("{0} a/b")]
    public void An_entry_that_is_no_key_is_refused(string entry)
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => Open(string.Format(null, entry, key.Text)));

        Assert.Contains("Tunnel:Relay:AuthorizedKeys", refusal.Message);
    }

    [Fact]
    public void Development_keys_are_forgotten_and_bounded()
    {
        var ring = Open();
        var first = ring.TryEnrol(key);
        for (var i = 1; i < RelayDefaults.DevelopmentKeys; i++)
        {
            Assert.NotNull(ring.TryEnrol(NewKey()));
        }

        Assert.Null(ring.TryEnrol(NewKey()));
        Assert.True(first is { IsDevelopment: true });
        Assert.Same(first, ring.TryEnrol(key));
        Assert.Same(first, ring.Find(key));
        Assert.Null(Open().Find(key));
        Assert.False(File.Exists(folder.File(KeyRing.FileName)));
    }

    [Fact]
    public void A_development_key_that_is_registered_is_one_no_longer()
    {
        var ring = Open();
        ring.TryEnrol(key);

        ring.Register(key);

        Assert.False(ring.Find(key)?.IsDevelopment);
        Assert.False(ring.TryEnrol(key)?.IsDevelopment);
    }

    private KeyRing Open(params string[] authorized) => new(folder.Reopen(), authorized, TimeProvider.System);

    private static PublicKey NewKey()
    {
        using var signing = SigningKey.Create();
        return signing.PublicKey;
    }
}
