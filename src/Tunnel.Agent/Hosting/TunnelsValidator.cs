using System.Buffers;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Serving.Forwarding;

namespace Tunnel.Agent.Hosting;

/// <summary>Checks what the agent serves: its tunnels and their named services.</summary>
internal static class TunnelsValidator
{
    private const int MaxNameLength = 32;

    private static readonly SearchValues<char> NameChars =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    public static void Check(TunnelAgentOptions options, ValidateOptionsResultBuilder errors)
    {
        CheckTarget("Tunnel:Agent", ForwardSettings.Of(options), errors);
        CheckServices("Tunnel:Agent", options.Services, errors);
        var slugs = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        CheckSlug("Tunnel:Agent", options.Slug, slugs, errors);
        var names = 1 + options.Services.Count;
        for (var i = 0; i < options.Tunnels.Count; i++)
        {
            var tunnel = options.Tunnels[i];
            var section = $"Tunnel:Agent:Tunnels:{i}";
            CheckSlug(section, tunnel.Slug, slugs, errors);
            CheckTarget(section, ForwardSettings.Of(tunnel), errors);
            CheckServices(section, tunnel.Services, errors);
            names += 1 + tunnel.Services.Count;
        }

        if (names > AgentDefaults.MaxNames)
        {
            errors.AddError($"Tunnel:Agent has {names} tunnels and services, and one agent can have {AgentDefaults.MaxNames}. Run a second agent with a key of its own for the rest.");
        }
    }

    private static void CheckSlug(string section, string? slug, HashSet<string> slugs, ValidateOptionsResultBuilder errors)
    {
        // Which slugs there can be is the relay's to say.
        if (slug is not null && !slugs.Add(slug))
        {
            errors.AddError($"{section}:Slug is '{slug}', as that of a tunnel before it. Give every tunnel a slug of its own.");
        }
    }

    private static void CheckServices(string section, IDictionary<string, AgentServiceOptions> services, ValidateOptionsResultBuilder errors)
    {
        foreach (var (name, service) in services)
        {
            var own = $"{section}:Services:{name}";
            if (name.Length is 0 or > MaxNameLength || name[0] == '-' || name[^1] == '-' || name.AsSpan().ContainsAnyExcept(NameChars))
            {
                errors.AddError($"{own} has no name that a service can have. Use 1 to {MaxNameLength} letters, digits and hyphens, with no hyphen at either end.");
            }

            CheckTarget(own, ForwardSettings.Of(service), errors);
        }
    }

    private static void CheckTarget(string section, in ForwardSettings settings, ValidateOptionsResultBuilder errors)
    {
        if (settings.To is { } address && !ForwardTarget.TryParse(address, out _, out var error, $"{section}:ForwardTo"))
        {
            errors.AddError(error);
        }

        if (HostRule.Check(settings.Host, $"{section}:ForwardHost") is { } wrongHost)
        {
            errors.AddError(wrongHost);
        }

        if (!CertificateRule.TryRead(settings.Certificate, out _, out var wrongCertificate, $"{section}:ForwardCertificate"))
        {
            errors.AddError(wrongCertificate);
        }
    }
}
