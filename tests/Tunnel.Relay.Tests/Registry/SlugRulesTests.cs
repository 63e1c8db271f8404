using Tunnel.Relay.Registry;

namespace Tunnel.Relay.Tests.Registry;

public sealed class SlugRulesTests
{
    private readonly SlugOptions options = new();

    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("My-App-2", "my-app-2")]
    [InlineData("a--b", "a--b")]
    [InlineData("123", "123")]
    [InlineData("abcdefghijklmnopqrstuvwxyz-12345", "abcdefghijklmnopqrstuvwxyz-12345")]
    public void A_good_wish_is_given_in_lower_case(string wish, string expected)
    {
        Assert.True(new SlugRules(options).TryAccept(wish, "srv", out var slug, out _));
        Assert.Equal(expected, slug);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    [InlineData("abcdefghijklmnopqrstuvwxyz-123456")]
    [InlineData("-abc")]
    [InlineData("abc-")]
    [InlineData("a.b")]
    [InlineData("a_b")]
    [InlineData("a b")]
    [InlineData("a/../b")]
    [InlineData("büro")]
    [InlineData("\u212Aelvin")]
    [InlineData("abc\n")]
    [InlineData("xn--bcher-kva")]
    [InlineData("XN--bcher-kva")]
    public void A_wish_that_is_no_slug_is_refused(string wish) => AssertRefused("slug_invalid", wish);

    [Theory]
    [InlineData("www")]
    [InlineData("API")]
    [InlineData("localhost")]
    [InlineData("authenticate")]
    [InlineData("Internal")]
    public void A_reserved_name_is_refused(string wish)
    {
        options.Reserved.Add("INTERNAL");

        AssertRefused("slug_reserved", wish);
    }

    [Fact]
    public void Nothing_of_an_invalid_wish_is_repeated() =>
        Assert.DoesNotContain("[31m", AssertRefused("slug_invalid", "\u001b[31mred").Sentence);

    [Fact]
    public void A_relay_can_give_random_slugs_only()
    {
        options.Policy = SlugPolicy.RandomOnly;

        AssertRefused("slug_not_allowed", "demo");
    }

    [Fact]
    public void A_relay_can_list_who_gets_what()
    {
        options.Policy = SlugPolicy.AllowList;
        options.Allowed["srv"] = ["Demo", "www"];

        Assert.True(new SlugRules(options).TryAccept("demo", "srv", out _, out _));
        AssertRefused("slug_not_allowed", "other");
        AssertRefused("slug_reserved", "www");
        Assert.False(new SlugRules(options).TryAccept("demo", "SRV", out _, out var refusal));
        Assert.Equal("slug_not_allowed", refusal.Code);
    }

    [Fact]
    public void Random_slugs_are_slugs_of_8_symbols_and_use_them_all()
    {
        var rules = new SlugRules(options);

        var slugs = Enumerable.Range(0, 1000).Select(_ => rules.CreateRandom()).ToList();

        Assert.All(slugs, slug => Assert.Matches("^[a-z0-9]{8}$", slug));
        Assert.Equal(1000, slugs.Distinct().Count());
        Assert.Equal(36, slugs.SelectMany(slug => slug).Distinct().Count());
    }

    private SlugRefusal AssertRefused(string code, string wish)
    {
        Assert.False(new SlugRules(options).TryAccept(wish, "srv", out var slug, out var refusal));
        Assert.Null(slug);
        Assert.Equal(code, refusal.Code);
        return refusal;
    }
}
