using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Dialing;
using Tunnel.Agent.Identity;
using Tunnel.Agent.Serving.InProcess;
using Tunnel.Wire.Flow;

namespace Tunnel.Agent.Hosting;

/// <summary>The agent's services, composed in one place. Safe to call more than once.</summary>
internal static class AgentServices
{
    public static IServiceCollection Add(IServiceCollection services, Uri? relay, Action<TunnelAgentOptions>? configure)
    {
        var options = services.AddOptions<TunnelAgentOptions>();
        if (relay is not null)
        {
            options.Configure(agent => agent.Relay = relay);
        }

        if (!services.Any(service => service.ServiceType == typeof(AgentStatus)))
        {
            AddOnce(services, options);
        }

        if (configure is not null)
        {
            // After the configuration section, so that code wins over it.
            options.PostConfigure(configure);
        }

        return services;
    }

    private static void AddOnce(IServiceCollection services, OptionsBuilder<TunnelAgentOptions> options)
    {
        options.BindConfiguration(TunnelAgentOptions.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TunnelAgentOptions>, TunnelAgentOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<AgentStatus>();
        services.AddSingleton<ITunnelAgent>(provider => provider.GetRequiredService<AgentStatus>());
        services.AddMetrics();
        services.AddSingleton(provider => MemoryBudget.ForThisProcess(provider.GetRequiredService<IOptions<TunnelAgentOptions>>().Value.MemoryLimit));
        services.AddSingleton<AgentMetrics>();
        services.AddSingleton<LinkKinds>();
        services.AddSingleton<AgentTraces>();
        services.AddSingleton<RelayDialer>();
        services.AddSingleton<RelayIdentity>();
        services.AddSingleton<Registrar>();
        services.AddSingleton<LinkOpener>();
        services.AddSingleton<NetworkWake>();
        services.AddSingleton(_ => new ReconnectSchedule(Random.Shared));
        services.AddSingleton<Redial>();
        services.AddSingleton<AgentSessionContext>();
        services.AddSingleton<SessionLoop>();
        services.AddSingleton<AgentServing>();
        services.AddSingleton<TunnelServer>();
        services.AddSingleton(provider => AgentCredentials.LoadOrCreate(
            provider.GetRequiredService<IOptions<TunnelAgentOptions>>().Value.CredentialsFile, provider.GetRequiredService<TimeProvider>()));

        // First, so that it is the outermost filter and captures what every other one adds.
        services.AddSingleton<PipelineCapture>();
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(provider => provider.GetRequiredService<PipelineCapture>()));
        services.AddHostedService<TunnelAgentService>();
    }
}
