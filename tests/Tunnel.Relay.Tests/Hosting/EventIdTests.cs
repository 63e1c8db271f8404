using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Tunnel.Relay.Tests.Hosting;

public sealed class EventIdTests
{
    [Fact]
    public void No_two_log_messages_share_an_id()
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var ids = typeof(TunnelRelayOptions).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(all))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Select(message => message.EventId)
            .ToList();

        Assert.NotEmpty(ids);
        Assert.Empty(ids.GroupBy(id => id).Where(same => same.Count() > 1).Select(same => same.Key));
    }
}
