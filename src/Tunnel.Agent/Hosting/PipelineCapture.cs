using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Agent.Hosting;

/// <summary>
/// Takes hold of the app's finished pipeline while the app builds it. Registered as the first startup filter, so it sees all that other
/// filters and the app add. The app's own server is left alone: wrapping or replacing it breaks TestServer and WebApplicationFactory.
/// </summary>
internal sealed class PipelineCapture : IStartupFilter
{
    /// <summary>The whole pipeline, once the app has built it.</summary>
    public RequestDelegate? Pipeline { get; private set; }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        // Build() hands every component the rest of the pipeline; the first component gets all of it, and stays out of it.
        app.Use(rest => Pipeline = rest);
        next(app);
    };
}
