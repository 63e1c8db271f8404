using Microsoft.Extensions.DependencyInjection;

namespace Tunnel.Agent.Tests.Hosting;

public sealed class ArgumentTests
{
    [Fact]
    public void MissingArgumentIsCalledByItsName()
    {
        var services = new ServiceCollection();

        Assert.Throws<ArgumentNullException>("relay", () => services.AddTunnelAgent((string)null!));
        Assert.Throws<ArgumentNullException>("relay", () => services.AddTunnelAgent((Uri)null!, static _ => { }));
        Assert.Throws<ArgumentNullException>("configure", () => services.AddTunnelAgent("http://hub.test", null!));
        Assert.Throws<ArgumentNullException>("services", () => TunnelAgentServiceCollectionExtensions.AddTunnelAgent(null!, "http://hub.test"));
    }
}
