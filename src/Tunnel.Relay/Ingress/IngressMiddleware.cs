using Microsoft.AspNetCore.Http;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Ingress;

/// <summary>Takes visitors' requests out of the app's pipeline, before its routing and authorisation, and sends them to their tunnel.</summary>
internal sealed class IngressMiddleware(
    RequestDelegate next, VisitorTargets targets, TunnelRegistry registry, ClaimLedger claims, RelayLoop loop, VisitorServer visitors)
{
    public Task InvokeAsync(HttpContext context)
    {
        var target = targets.Map(context);
        if (target.Kind == VisitorTargetKind.NotOurs || loop.HasPassed(context.Request.Headers))
        {
            return next(context);
        }

        if (target.Kind == VisitorTargetKind.Invalid)
        {
            return RelayErrorResponse.WriteAsync(context, RelayError.InvalidTarget);
        }

        if (target.Kind == VisitorTargetKind.PathWithoutSlash
            && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
        {
            context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
            context.Response.Headers.Location = $"{target.Prefix}/{target.Target[target.PrefixLength..]}";
            return Task.CompletedTask;
        }

        var slug = target.Slug(context.Request.Host.Value ?? string.Empty);
        if (registry.TryFind(slug, out var tunnel) && (tunnel.InPathMode || target.Kind == VisitorTargetKind.Subdomain))
        {
            return visitors.ServeAsync(context, target, tunnel);
        }

        var isClaimed = claims.FindOwner(slug.ToString().ToLowerInvariant()) is not null;
        return RelayErrorResponse.WriteAsync(context, isClaimed ? RelayError.AgentAway : RelayError.NoSuchTunnel);
    }
}
