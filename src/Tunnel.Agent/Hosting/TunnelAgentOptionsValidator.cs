using Microsoft.Extensions.Options;
using Tunnel.Agent.Serving.Forwarding;

namespace Tunnel.Agent.Hosting;

/// <summary>Checks the agent's settings and lists every error with its remedy.</summary>
internal sealed class TunnelAgentOptionsValidator : IValidateOptions<TunnelAgentOptions>
{
    public ValidateOptionsResult Validate(string? name, TunnelAgentOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
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

        if (options.ForwardTo is { } target && !ForwardTarget.TryParse(target, out _, out var error))
        {
            errors.AddError(error);
        }

        if (HostRule.Check(options.ForwardHost) is { } wrongHost)
        {
            errors.AddError(wrongHost);
        }

        if (options.MaxRequestBodySize < 0)
        {
            errors.AddError("Tunnel:Agent:MaxRequestBodySize is negative. Use a number of bytes, or leave it out for the app's own limit.");
        }

        if (options.DrainTimeout < TimeSpan.Zero)
        {
            errors.AddError("Tunnel:Agent:DrainTimeout is negative. Use 00:00:00 to cut open requests at once.");
        }

        return errors.Build();
    }
}
