using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Connect;
using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Hosting;

/// <summary>Says at the start that no agent can connect, or that the enrolment which the settings ask for has no effect, and why.</summary>
internal sealed partial class EnrolmentNotice(
    KeyRing keys, IServer server, IHostEnvironment environment, IOptions<TunnelRelayOptions> options, IHostApplicationLifetime lifetime,
    ILogger<EnrolmentNotice> logger)
{
    public void Watch() => lifetime.ApplicationStarted.Register(Announce);

    private void Announce()
    {
        var isEnabled = options.Value.DevelopmentEnrolment;
        if ((isEnabled || keys.Count == 0) && Reason(isEnabled) is { } reason)
        {
            LogNoEnrolment(reason, keys.Count);
        }
    }

    private string? Reason(bool isEnabled)
    {
        var bound = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return DevelopmentEnrolment.RefuseAll(isEnabled, environment.IsDevelopment(), [.. bound])
            ?? (options.Value.PublicUrl is { } url && !LoopbackHost.Is(url.Host)
                ? $"Unknown agents can enrol only if they dial localhost or a loopback address, and Tunnel:Relay:PublicUrl has them dial {url.Host}."
                : null);
    }

    [LoggerMessage(110, LogLevel.Warning,
        "{Reason} So an agent needs a key that this relay knows, and it knows {Count}. An agent that is refused says the line to add to Tunnel:Relay:AuthorizedKeys (tunnel relay: --authorized-key).",
        EventName = "NoEnrolment")]
    private partial void LogNoEnrolment(string reason, int count);
}
