using Microsoft.Extensions.Options;
using Tunnel.Agent.Dialing;
using Tunnel.Wire.Identity;

namespace Tunnel.Agent.Hosting;

/// <summary>Checks the agent's settings and lists every error with its remedy.</summary>
internal sealed class TunnelAgentOptionsValidator : IValidateOptions<TunnelAgentOptions>
{
    public ValidateOptionsResult Validate(string? name, TunnelAgentOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        CheckRelay(options, errors);
        TunnelsValidator.Check(options, errors);
        if (options.MaxRequestBodySize < 0)
        {
            errors.AddError("Tunnel:Agent:MaxRequestBodySize is negative. Use a number of bytes, or leave it out for the app's own limit.");
        }

        if (options.DrainTimeout < TimeSpan.Zero)
        {
            errors.AddError("Tunnel:Agent:DrainTimeout is negative. Use 00:00:00 to cut open requests at once.");
        }

        if (options.MemoryLimit < AgentDefaults.LeastMemoryLimit)
        {
            errors.AddError($"Tunnel:Agent:MemoryLimit is {options.MemoryLimit} bytes, which is too little to serve from. Use at least {AgentDefaults.LeastMemoryLimit}, or leave it out for a quarter of what the process may use.");
        }

        return errors.Build();
    }

    private static void CheckRelay(TunnelAgentOptions options, ValidateOptionsResultBuilder errors)
    {
        if (options.Relay is null)
        {
            errors.AddError("Tunnel:Agent:Relay is missing. Set it to the relay's address, for example https://tunnel.example.com, or pass the address to AddTunnelAgent.");
        }
        else if (!options.Relay.IsAbsoluteUri || options.Relay.Scheme is not ("http" or "https" or "ws" or "wss"))
        {
            errors.AddError($"Tunnel:Agent:Relay is '{options.Relay.OriginalString}', which is no http, https, ws or wss address. Write it in full, for example https://tunnel.example.com.");
        }
        else if (options.Relay.UserInfo.Length > 0)
        {
            errors.AddError("Tunnel:Agent:Relay holds a user name or password. Remove it: the agent authenticates with its key.");
        }

        if (options.RelayKey is { } key && !PublicKey.IsFingerprint(key) && !PublicKey.TryParse(key, out _))
        {
            errors.AddError("Tunnel:Agent:RelayKey is neither a public key (ed25519:… or es256:…) nor the fingerprint of one (SHA256:…). Copy it from the agent's log, or ask the relay's operator.");
        }

        if (options.Proxy is { } proxy && (!proxy.IsAbsoluteUri || proxy.Scheme is not ("http" or "https" or "socks4" or "socks4a" or "socks5")))
        {
            // Its text stays out of the message: it may hold a password.
            errors.AddError("Tunnel:Agent:Proxy is no http, https, socks4, socks4a or socks5 address. Write it in full, for example http://proxy.example.com:3128.");
        }

        if (options.CertificateAuthorities is { } path && !CertificateAuthorities.TryRead(path, out _, out var unreadable))
        {
            errors.AddError(unreadable);
        }
    }
}
