using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>The app behind all ways. What it does with a request, the test that sends it says: a header names one of its handlers.</summary>
internal sealed class CaseApp
{
    public const string HeaderName = "X-Case";

    private readonly ConcurrentDictionary<string, RequestDelegate> _handlers = [];

    /// <returns>The header line that leads to the handler.</returns>
    public string Add(RequestDelegate handler)
    {
        var name = (_handlers.Count + 1).ToString(CultureInfo.InvariantCulture);
        return _handlers.TryAdd(name, handler) ? $"{HeaderName}: {name}" : Add(handler);
    }

    /// <summary>A handler of middleware, such as static files.</summary>
    public string Add(Action<IApplicationBuilder> pipeline, IServiceProvider? services = null)
    {
        var builder = new ApplicationBuilder(services ?? new ServiceCollection().BuildServiceProvider());
        pipeline(builder);
        return Add(builder.Build());
    }

    public void Map(WebApplication app)
    {
        // Directly, the app stands where the tunnel puts it.
        app.UseWhen(context => !context.Request.PathBase.HasValue, direct => direct.UsePathBase(Fixtures.TunnelPair.Prefix));
        app.Run(context => _handlers.TryGetValue(context.Request.Headers[HeaderName].ToString(), out var handler)
            ? handler(context)
            : Seen.DescribeAsync(context));
    }
}
