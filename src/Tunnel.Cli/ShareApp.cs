using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;

namespace Tunnel.Cli;

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
        var target = await FindTargetAsync(settings, terminal, cancellationToken);
        using var host = Build(settings, target, terminal);
        var agent = host.Services.GetRequiredService<ITunnelAgent>();
        var screen = new ShareScreen(agent, target, settings.Retry, terminal);
        await StartAsync(host, cancellationToken);
        try
        {
            await screen.WaitUntilConnectedAsync(RelayPatience, cancellationToken);
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
            throw new CommandFailure(ExitCode.Usage, e.Message);
        }
    }

    private static async Task<Uri> FindTargetAsync(ShareSettings settings, Terminal terminal, CancellationToken cancellationToken)
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

                terminal.Say(Terminal.Yellow($"Nothing answers at {where} yet; waiting for it."));
                told = true;
            }

            await Task.Delay(ProbeInterval, cancellationToken);
        }
    }

    private static IHost Build(ShareSettings settings, Uri target, Terminal terminal)
    {
        // No configuration files or variables: the command line alone says what is shared with whom.
        var builder = Host.CreateEmptyApplicationBuilder(null);
        // The screen says what there is to say, but for what only the forwarding knows.
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new TerminalWarnings(terminal));
        builder.Logging.AddFilter<TerminalWarnings>("", LogLevel.None);
        builder.Logging.AddFilter<TerminalWarnings>("Tunnel.Agent.Serving.Forwarding", LogLevel.Warning);
        builder.Services.AddTunnelAgent(settings.Relay, options =>
        {
            options.ForwardTo = target;
            options.ForwardHost = settings.Host;
            options.ForwardCertificate = settings.Certificate;
            options.Slug = settings.Slug;
            options.CredentialsFile = settings.KeyFile;
        });
        return builder.Build();
    }
}
