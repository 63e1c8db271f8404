using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Tunnel.Cli.Arguments;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Relaying;

/// <summary>The standalone relay: an app that does nothing else, so its server may be set up for tunnels alone.</summary>
internal static class RelayApp
{
    public static string DefaultDataDirectory { get; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "tunnel",
        "relay");

    public static async Task<int> RunAsync(RelaySettings settings, Terminal terminal, CancellationToken cancellationToken)
    {
        await using var app = Build(settings, terminal);
        await StartAsync(app, settings, cancellationToken);
        var dialled = Dialled(settings, app.Urls.First());
        if (settings.Json)
        {
            ReportTo(new JsonEvents(terminal, TimeProvider.System), app, dialled);
        }
        else
        {
            foreach (var url in app.Urls)
            {
                terminal.Say($"Relay listening on {terminal.Palette.Strong(url)}");
            }

            terminal.Say($"Agents connect with: tunnel http <port> --relay {dialled}");
        }

        await app.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Ok;
    }

    private static void ReportTo(JsonEvents events, WebApplication app, string dialled)
    {
        events.Write("listening", json =>
        {
            JsonEvents.WriteUrls(json, "urls", app.Urls);
            json.WriteString("relay", dialled);
        });
        app.Lifetime.ApplicationStopping.Register(() => events.State("stopping"));
    }

    private static WebApplication Build(RelaySettings settings, Terminal terminal)
    {
        // Takes a lone LF as the end of a line, which other parsers in front of the relay may not, for what it is: an attack.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            EnvironmentName = settings.Development ? Environments.Development : null,
            // Not the folder that the command happens to run in, whose appsettings.json belongs to another app.
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseUrls([.. settings.Urls]);
        ConfigureLogging(builder.Logging, settings, terminal);
        builder.Services.AddTunnelRelay(options =>
        {
            options.DataDirectory = settings.DataDirectory;
            options.AdaptServer = true;
            foreach (var key in settings.AuthorizedKeys)
            {
                options.AuthorizedKeys.Add(key);
            }

            options.DevelopmentEnrolment |= settings.Development;
            options.PublicUrl = settings.PublicUrl ?? options.PublicUrl;
            options.Domain = settings.Domain ?? options.Domain;
            options.ErrorPages = settings.ErrorPages ?? options.ErrorPages;
        });

        var app = builder.Build();
        UseTrustedProxies(app, settings.TrustedProxies);
        UseRelay(app);
        app.MapGet("/", (RequestDelegate)(context => context.Response.WriteAsync("This is a tunnel relay.\n")));
        return app;
    }

    /// <summary>Visitors' addresses, scheme and host as the proxies in front saw them. A header of anybody else's counts for nothing.</summary>
    private static void UseTrustedProxies(WebApplication app, IReadOnlyList<System.Net.IPNetwork> proxies)
    {
        if (proxies.Count == 0)
        {
            return;
        }

        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            ForwardLimit = null, // up to the first that is not trusted
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in proxies)
        {
            options.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(options);
    }

    private static void UseRelay(WebApplication app)
    {
        try
        {
            app.UseTunnelRelay();
        }
        catch (InvalidOperationException e)
        {
            // The data directory cannot be used; the message says why and what to do.
            throw new CommandFailure(ExitCode.Usage, SettingNames.ToRelayOptions(e.Message));
        }
    }

    private static void ConfigureLogging(ILoggingBuilder logging, RelaySettings settings, Terminal terminal)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("Tunnel", LogLevel.Information);
        // A server that cannot bind says so here as well, with its stack; the command's one sentence is enough.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // It would only make an activity and a scope for each request, for a log that is off.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = terminal.Traits is { ColoursOutput: true, ColoursErrors: true } ? LoggerColorBehavior.Default : LoggerColorBehavior.Disabled;
        });
        // Beside events for scripts nothing else is on standard output.
        var threshold = settings.Json ? LogLevel.Trace : LogLevel.Warning;
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = threshold);
    }

    private static async Task StartAsync(WebApplication app, RelaySettings settings, CancellationToken cancellationToken)
    {
        var addresses = string.Join(", ", settings.Urls);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new CommandFailure(
                ExitCode.AddressInUse,
                $"Another process listens on {addresses} already: end it, or choose another port with --urls.");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new CommandFailure(
                ExitCode.Usage,
                $"This user may not listen on {addresses}: choose a port above 1023 with --urls, or put a reverse proxy in front.");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            throw new CommandFailure(
                ExitCode.Usage, $"{addresses} is not an address of this machine: choose one of its own with --urls.");
        }
    }

    /// <summary>
    /// An address that a person can type: wildcards are no destination. Agents get subdomains of the name that they dial, so where those of
    /// localhost are served it is localhost.
    /// </summary>
    internal static string Dialled(RelaySettings settings, string listening)
    {
        if (settings.PublicUrl is { } url)
        {
            return url.GetLeftPart(UriPartial.Authority);
        }

        var own = listening.Replace("//[::]:", "//127.0.0.1:", StringComparison.Ordinal)
            .Replace("//0.0.0.0:", "//127.0.0.1:", StringComparison.Ordinal);
        return string.Equals(settings.Domain, "localhost", StringComparison.OrdinalIgnoreCase)
            ? own.Replace("//127.0.0.1:", "//localhost:", StringComparison.Ordinal)
            : own;
    }
}
