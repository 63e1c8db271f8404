using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Tests.Storage;

public sealed class ClaimLedgerTests : IDisposable
{
    private static readonly TimeSpan Quarantine = TimeSpan.FromDays(30);

    private readonly TemporaryFolder folder = new();
    private readonly ManualTime time = new();
    private readonly HashSet<string> live = [];
    private ClaimLedger ledger;

    public ClaimLedgerTests() => ledger = new ClaimLedger(folder.Data, Quarantine, time);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_claim_outlives_a_restart()
    {
        Assert.Equal(ClaimResult.Granted, Claim("demo", "a"));

        Restart();

        Assert.Equal("a", ledger.FindOwner("demo"));
        Assert.Equal(ClaimResult.Taken, Claim("demo", "b"));
        Assert.Equal(ClaimResult.Granted, Claim("demo", "a"));
        Assert.Null(ledger.FindOwner("other"));
    }

    [Fact]
    public void An_owner_who_comes_back_causes_no_write()
    {
        Claim("demo", "a");
        File.Delete(folder.File(StoredClaims.FileName));

        Assert.Equal(ClaimResult.Granted, Claim("demo", "a"));

        Assert.False(File.Exists(folder.File(StoredClaims.FileName)));
    }

    [Theory]
    [InlineData(0, ClaimResult.Quarantined)]
    [InlineData(29, ClaimResult.Quarantined)]
    [InlineData(30, ClaimResult.Granted)]
    public void A_released_slug_is_reserved_for_its_owner(int days, object expected)
    {
        Claim("demo", "a");
        Assert.False(ledger.Release("demo", "b"));
        Assert.True(ledger.Release("demo", "a"));
        Assert.False(ledger.Release("demo", "a"));
        Assert.Null(ledger.FindOwner("demo"));
        Restart();

        time.Advance(TimeSpan.FromDays(days));

        Assert.Equal(expected, Claim("demo", "b"));
        Assert.Equal(expected is ClaimResult.Granted ? "b" : null, ledger.FindOwner("demo"));
    }

    [Fact]
    public void The_quarantine_ends_to_the_tick()
    {
        Claim("demo", "a");
        ledger.Release("demo", "a");

        time.Advance(Quarantine - TimeSpan.FromTicks(1));
        Assert.Equal(ClaimResult.Quarantined, Claim("demo", "b"));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(ClaimResult.Granted, Claim("demo", "b"));
    }

    [Fact]
    public void An_owner_can_take_a_released_slug_back()
    {
        Claim("demo", "a");
        ledger.Release("demo", "a");

        Assert.Equal(ClaimResult.Granted, Claim("demo", "a"));

        time.Advance(Quarantine * 2);
        Restart();
        Assert.Equal(ClaimResult.Taken, Claim("demo", "b"));
    }

    [Fact]
    public void What_is_free_again_is_not_kept_for_ever()
    {
        Claim("old", "a");
        ledger.Release("old", "a");
        time.Advance(Quarantine);

        Claim("new", "a");

        Assert.DoesNotContain("old", File.ReadAllText(folder.File(StoredClaims.FileName)));
    }

    [Fact]
    public void A_claim_that_cannot_be_written_is_not_granted()
    {
        Directory.Delete(folder.Path, recursive: true);

        Assert.Throws<RelayStorageException>(() => Claim("demo", "a"));

        Assert.Null(ledger.FindOwner("demo"));
        Directory.CreateDirectory(folder.Path);
        Assert.Equal(ClaimResult.Granted, Claim("demo", "b"));
    }

    [Fact]
    public async Task Of_many_who_want_a_slug_one_gets_it()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Claim("demo", "server" + i))));

        Assert.Single(results, ClaimResult.Granted);
        Assert.Equal("server" + Array.IndexOf(results, ClaimResult.Granted), ledger.FindOwner("demo"));
    }

    [Fact]
    public void Of_several_wishes_all_are_granted_or_none()
    {
        Claim("taken", "b");

        var outcome = Claim(["free", null, "taken"], _ => "random1", wants: null);

        Assert.Equal((ClaimResult.Taken, "taken"), (outcome.Result, outcome.Refused));
        Assert.Null(ledger.FindOwner("free"));
        Assert.Null(ledger.FindOwner("random1"));
        Assert.DoesNotContain("free", File.ReadAllText(folder.File(StoredClaims.FileName)));
    }

    [Fact]
    public void Slugs_that_the_caller_does_not_want_are_not_claimed()
    {
        IReadOnlyList<string>? offered = null;

        var outcome = Claim(["free", null], _ => "random1", slugs =>
        {
            offered = slugs;
            return false;
        });

        Assert.Equal(ClaimResult.Declined, outcome.Result);
        Assert.Equal(["free", "random1"], offered);
        Assert.Null(ledger.FindOwner("free"));
    }

    private ClaimResult Claim(string slug, string serverId) =>
        ledger.Claim(new SlugClaimant(serverId, serverId, false), [slug], _ => "random", live.Contains).Result;

    private ClaimOutcome Claim(string?[] wishes, Func<int, string> createSlug, Func<IReadOnlyList<string>, bool>? wants) =>
        ledger.Claim(new SlugClaimant("a", "a", false), wishes, createSlug, live.Contains, wants);

    private void Restart() => ledger = new ClaimLedger(folder.Reopen(), Quarantine, time);
}
