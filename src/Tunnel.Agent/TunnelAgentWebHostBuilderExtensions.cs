using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tunnel.Agent;
using Tunnel.Agent.Serving.InProcess;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Makes the tunnel an app's server.</summary>
public static class TunnelAgentWebHostBuilderExtensions
{
    /// <summary>
    /// Serves the app through the tunnel only: it opens no port of its own. Use it together with <c>AddTunnelAgent</c>, which names the
    /// relay, or the configuration section <c>Tunnel:Agent</c>.
    /// </summary>
    /// <param name="builder">The app's <c>WebHost</c>.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>Leave it out for an app that keeps its own port as well; the tunnel serves it either way.</remarks>
    /// <example>
    /// <code language="csharp">
    /// var builder = WebApplication.CreateBuilder(args);
    /// builder.Services.AddTunnelAgent("https://hub.example.com", o =&gt; o.Slug = "demo");
    /// builder.WebHost.UseTunnelServer();
    ///
    /// var app = builder.Build();
    /// app.MapGet("/", () =&gt; "Hello from a machine that nobody can reach.");
    /// app.Run();
    /// </code>
    /// </example>
    public static IWebHostBuilder UseTunnelServer(this IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices(services =>
        {
            services.AddTunnelAgent();
            services.RemoveAll<IServer>();
            services.AddSingleton<IServer>(provider => provider.GetRequiredService<TunnelServer>());
        });
    }
}
