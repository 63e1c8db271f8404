using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Tests.Storage;

public sealed class RandomAndDevelopmentClaimTests : IDisposable
{
    private static readonly TimeSpan Quarantine = TimeSpan.FromDays(30);

    private readonly TemporaryFolder folder = new();
    private readonly ManualTime time = new();
    private readonly HashSet<string> live = [];
    private ClaimLedger ledger;
    private int created;

    public RandomAndDevelopmentClaimTests() => ledger = new ClaimLedger(folder.Data, Quarantine, time);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_agent_without_a_wish_keeps_its_random_slug()
    {
        Claim("demo", "a");
        Assert.Equal("random1", Random("a"));
        Assert.Equal("random2", Random("b"));

        Restart();

        Assert.Equal("random1", Random("a"));
        Assert.Equal("random2", Random("b"));
        Assert.Equal("a", ledger.FindOwner("random1"));
    }

    [Fact]
    public void Two_keys_of_one_owner_have_random_slugs_of_their_own()
    {
        var (first, second) = (new SlugClaimant("a", "key1", false), new SlugClaimant("a", "key2", false));
        Assert.Equal(["random1", "random2"], Random(first, 2));
        Assert.Equal(["random3"], Random(second, 1));

        Restart();

        Assert.Equal(["random3", "random4"], Random(second, 2));
        Assert.Equal(["random1", "random2"], Random(first, 2));
    }

    [Fact]
    public void A_random_slug_that_is_asked_for_by_name_is_not_given_twice()
    {
        Random("a");

        Assert.Equal(["random1", "random2"],
            ledger.Claim(new SlugClaimant("a", "a", false), ["random1", null], _ => "random2", live.Contains).Slugs);
    }

    [Fact]
    public void A_released_random_slug_is_given_again_until_somebody_else_has_it()
    {
        Random("a");
        ledger.Release("random1", "a");
        Assert.Equal("random1", Random("a"));

        ledger.Release("random1", "a");
        time.Advance(Quarantine);
        Claim("random1", "b");

        Assert.Equal("random2", Random("a"));
    }

    [Fact]
    public void A_random_slug_that_is_taken_is_passed_over()
    {
        Claim("random1", "a");
        Claim("random2", "a", isDevelopment: true);

        Assert.Equal("random3", Random("b"));
        Assert.Throws<InvalidOperationException>(() => ledger.Claim(new SlugClaimant("c", "c", false), [null], _ => "random1", live.Contains));
    }

    [Fact]
    public void Claims_of_development_keys_stay_in_memory()
    {
        Assert.Equal(ClaimResult.Granted, Claim("demo", "a", isDevelopment: true));
        Assert.Equal("a", ledger.FindOwner("demo"));
        Assert.Equal("random1", Random("a", isDevelopment: true));
        Assert.Equal("random1", Random("a", isDevelopment: true));
        Assert.False(File.Exists(folder.File(StoredClaims.FileName)));

        Restart();

        Assert.Null(ledger.FindOwner("demo"));
    }

    [Theory]
    [InlineData(true, true, ClaimResult.Taken)]
    [InlineData(false, true, ClaimResult.Taken)]
    [InlineData(true, false, ClaimResult.Granted)]
    [InlineData(false, false, ClaimResult.Granted)]
    public void A_development_claim_lasts_while_it_is_live(bool isDevelopment, bool isLive, object expected)
    {
        Claim("demo", "a", isDevelopment: true);
        if (isLive)
        {
            live.Add("demo");
        }

        Assert.Equal(expected, Claim("demo", "b", isDevelopment));
        Assert.Equal(isLive ? "a" : "b", ledger.FindOwner("demo"));
        Assert.Equal(ClaimResult.Granted, Claim("demo", isLive ? "a" : "b", isDevelopment: true));
    }

    [Fact]
    public void A_development_key_gets_no_slug_of_a_registered_one()
    {
        Claim("demo", "a");
        Assert.Equal(ClaimResult.Taken, Claim("demo", "b", isDevelopment: true));

        ledger.Release("demo", "a");

        Assert.Equal(ClaimResult.Quarantined, Claim("demo", "b", isDevelopment: true));
    }

    [Fact]
    public void A_released_development_claim_is_gone_at_once()
    {
        Claim("demo", "a", isDevelopment: true);

        Assert.True(ledger.Release("demo", "a"));

        Assert.Equal(ClaimResult.Granted, Claim("demo", "b"));
    }

    private ClaimResult Claim(string slug, string serverId, bool isDevelopment = false) =>
        ledger.Claim(new SlugClaimant(serverId, serverId, isDevelopment), [slug], _ => "", live.Contains).Result;

    private string Random(string serverId, bool isDevelopment = false) =>
        Random(new SlugClaimant(serverId, serverId, isDevelopment), 1)[0];

    private IReadOnlyList<string> Random(SlugClaimant claimant, int count) =>
        ledger.Claim(claimant, new string?[count], _ => $"random{++created}", live.Contains).Slugs;

    private void Restart() => ledger = new ClaimLedger(folder.Reopen(), Quarantine, time);
}
