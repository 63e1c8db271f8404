using Microsoft.AspNetCore.Http;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Ingress;

/// <summary>Takes visitors' requests out of the app's pipeline, before its routing and authorisation, and sends them to their tunnel.</summary>
internal sealed class IngressMiddleware(
    RequestDelegate next,
    VisitorTargets targets,
    TunnelRegistry registry,
    ClaimLedger claims,
    RelayLoop loop,
    VisitorServer visitors,
    RelayErrorResponse errors)
{
    public Task InvokeAsync(HttpContext context)
    {
        var target = targets.Map(context);
        if (target.Kind == VisitorTargetKind.NotOurs || loop.HasPassed(context.Request.Headers))
        {
            return next(context);
        }

        var slug = target.Slug(context.Request.Host.Value ?? string.Empty);
        var isFound = registry.TryFind(slug, out var pool);
        if (target.ServiceLength > 0 && (!isFound || !pool!.Serves(target.Service)))
        {
            return next(context); // the app may have such a path of its own
        }

        if (target.Kind == VisitorTargetKind.Invalid)
        {
            return errors.WriteAsync(context, RelayError.InvalidTarget);
        }

        if (target.Kind == VisitorTargetKind.PathWithoutSlash
            && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
        {
            context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
            context.Response.Headers.Location = $"{target.Prefix}/{target.Target[target.PrefixLength..]}";
            return Task.CompletedTask;
        }

        if (isFound && pool!.MayServe(inPathMode: target.Kind != VisitorTargetKind.Subdomain))
        {
            return visitors.ServeAsync(context, target, pool);
        }

        var name = slug.ToString().ToLowerInvariant();
        if (claims.FindOwner(name) is null)
        {
            return errors.WriteAsync(context, RelayError.NoSuchTunnel);
        }

        return pool is null && registry.TryExpect(name, out pool)
            ? visitors.ServeAsync(context, target, pool)
            : errors.WriteAsync(context, RelayError.AgentAway);
    }
}
