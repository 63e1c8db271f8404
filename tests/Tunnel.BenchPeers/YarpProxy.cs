namespace Tunnel.BenchPeers;

/// <summary>What every tunnel is compared with: YARP's direct forwarding with its own defaults, and no tunnel.</summary>
internal static class YarpProxy
{
    public static void Run(string urls, string to)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        builder.Services.AddHttpForwarder();

        var app = builder.Build();
        app.MapForwarder("/{**rest}", to);
        app.Run();
    }
}
