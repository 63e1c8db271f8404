using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Connect;
using Tunnel.Relay.Diagnostics;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Health;
using Tunnel.Relay.Ingress;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;
using Tunnel.Wire.Flow;

namespace Tunnel.Relay.Hosting;

/// <summary>
/// The relay's services, composed in one place: on the app's container by <c>AddTunnelRelay</c>, or on a small one of the relay's own
/// when the app only calls <c>UseTunnelRelay</c>. Safe to call more than once.
/// </summary>
internal static partial class RelayServices
{
    public static IServiceCollection Compose(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(TunnelRegistry)))
        {
            return services;
        }

        services.AddOptions<TunnelRelayOptions>().BindConfiguration(TunnelRelayOptions.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TunnelRelayOptions>, TunnelRelayOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(OpenFolder);
        services.AddSingleton(provider => new KeyRing(
            provider.GetRequiredService<DataFolder>(), Options(provider).AuthorizedKeys, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ClaimLedger(
            provider.GetRequiredService<DataFolder>(), Options(provider).Slugs.Quarantine, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(OpenKey);
        services.AddSingleton(provider => MemoryBudget.ForThisProcess(Options(provider).MemoryLimit));
        services.AddMetrics();
        services.AddSingleton<RelayMetrics>();
        services.AddSingleton<VisitorWatcher>();
        services.AddSingleton<TunnelRegistry>();
        services.AddSingleton<PublicUrls>();
        services.AddSingleton<SharedOrigin>();
        services.AddSingleton<FailureLimiter>();
        services.AddSingleton<SessionDirectory>();
        services.AddSingleton<RelayDrain>();
        services.AddSingleton<IdentityDesk>();
        services.AddSingleton<RegistrationDesk>();
        services.AddSingleton<ConnectEndpoint>();
        services.AddSingleton(provider => ErrorPages.Read(ErrorPagesFolder(Options(provider), provider.GetRequiredService<IHostEnvironment>())));
        services.AddSingleton<RelayErrorResponse>();
        services.AddSingleton<VisitorTargets>();
        services.AddSingleton<RelayLoop>();
        services.AddSingleton<ParkingLot>();
        services.AddSingleton<RelayHealth>();
        services.AddSingleton<VisitorServerLimits>();
        services.AddSingleton<EnrolmentNotice>();
        services.AddSingleton<VisitorHeaders>();
        services.AddSingleton<ResponseWaits>();
        services.AddSingleton<VisitorRequestHead>();
        services.AddSingleton<VisitorOpener>();
        services.AddSingleton<VisitorResponseHead>();
        services.AddSingleton<CompressedBody>();
        services.AddSingleton<VisitorServer>();
        return services;
    }

    /// <summary>The relay's own container, for an app that did not call <c>AddTunnelRelay</c>. It ends with the app.</summary>
    public static IServiceProvider Own(IServiceProvider app)
    {
        // Instances, not factories: the container must not dispose what is the app's.
        var services = new ServiceCollection();
        services.AddSingleton(app.GetRequiredService<ILoggerFactory>());
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton(app.GetRequiredService<IConfiguration>());
        services.AddSingleton(app.GetRequiredService<IHostEnvironment>());
        services.AddSingleton(app.GetRequiredService<IServer>());
        services.AddSingleton(app.GetRequiredService<IOptions<KestrelServerOptions>>());
        services.AddSingleton(app.GetService<TimeProvider>() ?? TimeProvider.System);
        if (app.GetService<IMeterFactory>() is { } meters)
        {
            services.AddSingleton(meters);
        }

        var lifetime = app.GetRequiredService<IHostApplicationLifetime>();
        services.AddSingleton(lifetime);
        var own = Compose(services).BuildServiceProvider();
        lifetime.ApplicationStopped.Register(own.Dispose);
        return own;
    }

    public static string? ErrorPagesFolder(TunnelRelayOptions options, IHostEnvironment environment) =>
        string.IsNullOrWhiteSpace(options.ErrorPages) ? null : Path.GetFullPath(options.ErrorPages, environment.ContentRootPath);

    private static DataFolder OpenFolder(IServiceProvider provider) => DataFolder.Open(Path.GetFullPath(
        Options(provider).DataDirectory, provider.GetRequiredService<IHostEnvironment>().ContentRootPath));

    private static RelayKey OpenKey(IServiceProvider provider)
    {
        var key = RelayKey.Open(provider.GetRequiredService<DataFolder>());
        LogKey(provider.GetRequiredService<ILogger<RelayKey>>(), key.PublicKey.Fingerprint);
        return key;
    }

    private static TunnelRelayOptions Options(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<TunnelRelayOptions>>().Value;

    [LoggerMessage(106, LogLevel.Information, "This relay's key is {Fingerprint}; agents can be told to accept no other.", EventName = "RelayKey")]
    private static partial void LogKey(ILogger logger, string fingerprint);
}
