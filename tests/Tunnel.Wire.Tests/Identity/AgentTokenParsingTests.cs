using System.Text;
using Tunnel.Wire.Identity;

namespace Tunnel.Wire.Tests.Identity;

public sealed class AgentTokenParsingTests
{
    private const string Kid = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private const string Header = $$"""{"alg":"EdDSA","typ":"JWT","kid":"{{Kid}}"}""";
    private const string Payload = """{"iss":"tunnel-agent","iat":1,"exp":2}""";

    [Fact]
    public void The_template_of_these_tests_is_read() => Assert.True(AgentToken.TryParse(Token(Header, Payload), out _));

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("not json")]
    [InlineData($$"""{"alg":"EdDSA","typ":"JWT"}""")]
    [InlineData($$"""{"alg":null,"typ":"JWT","kid":"{{Kid}}"}""")]
    [InlineData($$"""{"alg":"EdDSA","typ":"jws","kid":"{{Kid}}"}""")]
    [InlineData($$"""{"alg":"EdDSA","typ":"JWT","kid":"../../keys"}""")]
    [InlineData($$"""{"alg":"EdDSA","typ":"JWT","kid":"{{Kid}}","crit":["exp"]}""")]
    [InlineData($$"""{"alg":"EdDSA","typ":"JWT","kid":"{{Kid}}","jwk":1}""")]
    [InlineData($$"""{"alg":"EdDSA","alg":"none","typ":"JWT","kid":"{{Kid}}"}""")]
    [InlineData($$"""{"alg":"EdDSA","typ":"JWT","kid":"{{Kid}}"} {}""")]
    public void Headers_that_break_the_rules_are_refused(string header) =>
        Assert.False(AgentToken.TryParse(Token(header, Payload), out _));

    [Theory]
    [InlineData("null")]
    [InlineData("""{"iat":1}""")]
    [InlineData("""{"iat":"1","exp":2}""")]
    [InlineData("""{"iat":1,"exp":2.5}""")]
    [InlineData("""{"iat":1,"exp":99999999999999999999}""")]
    [InlineData("""{"iat":1,"exp":2,"exp":3}""")]
    [InlineData("""{"iat":1,"exp":2,"aud":["a","b"]}""")]
    [InlineData("""{"iat":1,"exp":2,"port":99999999999}""")]
    public void Claims_that_break_the_rules_are_refused(string payload) =>
        Assert.False(AgentToken.TryParse(Token(Header, payload), out _));

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c")]
    [InlineData("{0}.{1}")]
    [InlineData("{0}.{1}.AA.AA")]
    [InlineData("{0}=.{1}.AA")]
    [InlineData("{0}. {1}.AA")]
    [InlineData("{0}.{1}.AB")]
    public void Other_shapes_are_refused(string format) =>
        Assert.False(AgentToken.TryParse(string.Format(null, format, Encode(Header), Encode(Payload)), out _));

    [Fact]
    public void Longer_than_4_KiB_is_refused_before_it_is_read()
    {
        var longest = Token(Header, Payload);
        longest += new string('A', (4096 - longest.Length) / 4 * 4);

        Assert.True(AgentToken.TryParse(longest, out _));
        Assert.False(AgentToken.TryParse(longest + "AAAA", out _));
    }

    [Fact]
    public void Rubbish_never_throws()
    {
        var random = new Random(7);
        for (var i = 0; i < 5000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Payload);
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            AgentToken.TryParse($"{Encode(Header)}.{Base64UrlText.Encode(bytes)}.AAAA", out _);
        }
    }

    private static string Token(string header, string payload) => $"{Encode(header)}.{Encode(payload)}.AAAA";

    private static string Encode(string text) => Base64UrlText.Encode(Encoding.UTF8.GetBytes(text));
}
