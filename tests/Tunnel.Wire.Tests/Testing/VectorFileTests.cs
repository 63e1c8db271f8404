using Tunnel.Wire.Codec;

namespace Tunnel.Wire.Tests.Testing;

public sealed class VectorFileTests
{
    public static TheoryData<string> Meanings => [.. VectorFile.Vectors.Select(vector => vector.Meaning)];

    [Theory]
    [MemberData(nameof(Meanings))]
    public void PlainWire_EveryVector_EncodesAndDecodes(string meaning)
    {
        var vector = VectorFile.Vectors.Single(vector => vector.Meaning == meaning);
        Assert.Equal(meaning, vector.Decode().Describe());
        Assert.Equal(Convert.ToHexString(vector.Bytes), Convert.ToHexString(vector.Parse().Encode()));
    }

    [Fact]
    public void Vectors_OfTheSpecification_CoverEveryFrameTypeAndRecord()
    {
        var all = string.Join('\n', VectorFile.Vectors);
        Assert.All(new[] { "frame data", "frame reset", "frame stop", "message ", "request-head ", "response-head " }, kind => Assert.Contains(kind, all));
        Assert.All(new[] { "ping", "pong", "ack", "credit", "go-away", "close" }, record => Assert.Contains("control " + record, all));
    }

    [Fact]
    public void Names_OfTheSpecification_AreTheProducts() => Assert.Equal(HeaderNames.All.ToArray(), VectorFile.Names);
}
