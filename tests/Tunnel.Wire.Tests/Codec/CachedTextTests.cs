using System.Text;
using Tunnel.Wire.Codec;

namespace Tunnel.Wire.Tests.Codec;

public sealed class CachedTextTests
{
    [Fact]
    public void TextThatComesAgain_IsTheSameString_AndOneThatDoesNotDrivesNoneOut()
    {
        // Other tests use the cache too, so a text may lose its entry at any moment, but hardly ten in a row.
        Assert.Contains(Enumerable.Range(0, 10), attempt =>
        {
            var agent = Encoding.UTF8.GetBytes($"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) {attempt} {Guid.NewGuid()}");
            CachedText.Get(agent);
            var cached = CachedText.Get(agent);
            for (var other = 0; other < 4096; other++)
            {
                var text = $"{attempt} {other} {Guid.NewGuid()}";
                Assert.Equal(text, CachedText.Get(Encoding.UTF8.GetBytes(text)));
            }

            return ReferenceEquals(cached, CachedText.Get(agent));
        });
    }
}
