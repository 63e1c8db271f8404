using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;
using Tunnel.Cli.Arguments;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Sharing;

/// <summary>Shares a local server: finds it, connects to the relay, and then stays until it is told to stop.</summary>
internal static class ShareApp
{
    /// <summary>Long enough for a dev server that is started at the same time, short enough to wait for with the eyes.</summary>
    private static readonly TimeSpan TargetPatience = TimeSpan.FromSeconds(3);

    /// <summary>A relay that is being restarted comes back within this time.</summary>
    private static readonly TimeSpan RelayPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(200);

    public static async Task<int> RunAsync(ShareSettings settings, Terminal terminal, CancellationToken cancellationToken)
    {
        IShareReport report = settings.Json
            ? new JsonReport(new JsonEvents(terminal, TimeProvider.System))
            : new TextReport(terminal, settings.Qr, TimeProvider.System);
        var target = await FindTargetAsync(settings, report, cancellationToken);
        using var host = Build(settings, target, report);
        var agent = host.Services.GetRequiredService<ITunnelAgent>();
        var watch = new ShareWatch(agent, settings, target, report);
        await StartAsync(host, cancellationToken);
        try
        {
            await watch.WaitUntilConnectedAsync(RelayPatience, cancellationToken);
            await host.WaitForShutdownAsync(cancellationToken);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }

        return ExitCode.Ok;
    }

    private static async Task StartAsync(IHost host, CancellationToken cancellationToken)
    {
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            // The key's file cannot be used; the message says why and what to do.
            throw new CommandFailure(ExitCode.Usage, SettingNames.ToAgentOptions(e.Message));
        }
    }

    private static async Task<Uri> FindTargetAsync(ShareSettings settings, IShareReport report, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var told = false;
        while (true)
        {
            if (await settings.Target.ProbeAsync(cancellationToken) is { } found)
            {
                return found;
            }

            if (Stopwatch.GetElapsedTime(started) > TargetPatience && !told)
            {
                var where = settings.Target.Candidates[0].GetLeftPart(UriPartial.Authority);
                if (!settings.Retry)
                {
                    throw new CommandFailure(
                        ExitCode.TargetDown, $"Nothing answers at {where}: start the local server first, or wait for it with --retry.");
                }

                report.Waiting(where);
                told = true;
            }

            await Task.Delay(ProbeInterval, cancellationToken);
        }
    }

    private static IHost Build(ShareSettings settings, Uri target, IShareReport report)
    {
        // No configuration files or variables: the command line alone says what is shared with whom.
        var builder = Host.CreateEmptyApplicationBuilder(null);
        // The report says what there is to say, but for what only the forwarding knows.
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new ShareWarnings(report));
        builder.Logging.AddFilter<ShareWarnings>("", LogLevel.None);
        builder.Logging.AddFilter<ShareWarnings>("Tunnel.Agent.Serving.Forwarding", LogLevel.Warning);
        builder.Services.AddTunnelAgent(settings.Relay, options =>
        {
            options.ForwardTo = target;
            options.ForwardHost = settings.Host;
            options.ForwardCertificate = settings.Certificate;
            options.Slug = settings.Slug;
            options.CredentialsFile = settings.KeyFile;
            options.RelayKey = settings.RelayKey;
            options.CertificateAuthorities = settings.CertificateAuthorities;
            options.Proxy = settings.Proxy;
        });
        return builder.Build();
    }
}
