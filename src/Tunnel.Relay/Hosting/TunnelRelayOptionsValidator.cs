using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Hosting;

/// <summary>Checks the relay's settings and lists every error with its remedy.</summary>
internal sealed class TunnelRelayOptionsValidator(IHostEnvironment environment) : IValidateOptions<TunnelRelayOptions>
{
    public ValidateOptionsResult Validate(string? name, TunnelRelayOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.PublicUrl is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https") || url.PathAndQuery != "/"))
        {
            errors.AddError($"Tunnel:Relay:PublicUrl is '{url.OriginalString}', which is no origin. Write scheme and host only, for example https://tunnel.example.com.");
        }

        var template = options.PathTemplate;
        if (template == "/{slug}")
        {
            errors.AddError("Tunnel:Relay:PathTemplate is '/{slug}', which would take every path of the app. Put a segment in front, for example /t/{slug}.");
        }
        else if (template.Length > 0 && !(template.StartsWith('/') && template.EndsWith("/{slug}", StringComparison.Ordinal)
            && !template.AsSpan(0, template.Length - "{slug}".Length).ContainsAny("{}?#%")))
        {
            errors.AddError($"Tunnel:Relay:PathTemplate is '{template}'. It has to start with a slash and end with /{{slug}}, for example /t/{{slug}}; an empty text switches path mode off.");
        }

        if (options.Domain is { Length: > 0 } domain && Uri.CheckHostName(domain) != UriHostNameType.Dns)
        {
            errors.AddError($"Tunnel:Relay:Domain is '{domain}', which is no host name. Write it without scheme and port, for example tunnel.example.com.");
        }

        foreach (var (host, slug) in options.Hosts)
        {
            if (Uri.CheckHostName(host) != UriHostNameType.Dns)
            {
                errors.AddError($"Tunnel:Relay:Hosts holds '{host}', which is no host name. Write it without scheme and port, for example www.example.com.");
            }

            if (!SlugRules.HasForm(slug))
            {
                errors.AddError($"Tunnel:Relay:Hosts binds '{host}' to '{slug}', which is no slug. Use 3 to 32 letters, digits and hyphens, as the tunnel's agent does.");
            }
        }

        if (template.Length == 0 && string.IsNullOrEmpty(options.Domain) && options.Hosts.Count == 0)
        {
            errors.AddError("Tunnel:Relay:PathTemplate, Tunnel:Relay:Domain and Tunnel:Relay:Hosts are all empty, so no tunnel would have an address. Set one of them.");
        }

        if (string.IsNullOrWhiteSpace(options.DataDirectory))
        {
            errors.AddError("Tunnel:Relay:DataDirectory is empty. Name a folder that the relay may write to, or leave the setting out.");
        }

        foreach (var key in options.AuthorizedKeys.Where(key => !AuthorizedKey.TryParse(key, out _)))
        {
            errors.AddError($"Tunnel:Relay:AuthorizedKeys holds '{key}', which is no key. Use the text that the agent prints when it is refused (ed25519:… or es256:…), with the server id behind a space if you want to choose it.");
        }

        if (options.ResumeGrace < TimeSpan.Zero || options.ResumeGrace > RelayDefaults.MaxResumeGrace)
        {
            errors.AddError($"Tunnel:Relay:ResumeGrace is {options.ResumeGrace}. Use a time between 00:00:00, which ends sessions with their link, and {RelayDefaults.MaxResumeGrace}.");
        }

        if (options.ResponseTimeout != TimeSpan.Zero && options.ResponseTimeout != Timeout.InfiniteTimeSpan
            && (options.ResponseTimeout < RelayDefaults.MinResponseTimeout || options.ResponseTimeout > RelayDefaults.MaxResponseTimeout))
        {
            errors.AddError($"Tunnel:Relay:ResponseTimeout is {options.ResponseTimeout}. Use a time between {RelayDefaults.MinResponseTimeout} and {RelayDefaults.MaxResponseTimeout}, or 00:00:00 to let visitors wait for ever.");
        }

        try
        {
            ErrorPages.Read(RelayServices.ErrorPagesFolder(options, environment));
        }
        catch (IOException exception)
        {
            errors.AddError($"Tunnel:Relay:ErrorPages cannot be used. {exception.Message}");
        }

        if (options.MemoryLimit < RelayDefaults.MinMemoryLimit)
        {
            errors.AddError($"Tunnel:Relay:MemoryLimit is {options.MemoryLimit} bytes. Use at least {RelayDefaults.MinMemoryLimit}, or leave the setting out for a quarter of the process's memory.");
        }

        if (options.Slugs.Quarantine < TimeSpan.Zero)
        {
            errors.AddError("Tunnel:Relay:Slugs:Quarantine is negative. Use 00:00:00 to free released slugs at once.");
        }

        return errors.Build();
    }
}
