using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tunnel.Relay.Hosting;

/// <summary>
/// Keeps WebApplication from putting its authentication and authorisation in front of the ingress, where they would answer visitors with
/// the hub's own redirects, and adds them behind it. An app that calls <c>UseAuthentication</c> or <c>UseAuthorization</c> itself further
/// down (between <c>UseCors</c> and its endpoints, say) decides their place, and nothing is added here.
/// </summary>
internal static class DeferredAuthentication
{
    // Where the framework notes that an app has placed the middleware itself; WebApplication looks there before it adds them in front.
    private const string AuthenticationKey = "__AuthenticationMiddlewareSet";
    private const string AuthorizationKey = "__AuthorizationMiddlewareSet";
    private static readonly object Deferred = new();

    public static void Use(IApplicationBuilder app)
    {
        var services = app.ApplicationServices.GetService<IServiceProviderIsService>();
        if (services?.IsService(typeof(IAuthenticationSchemeProvider)) == true)
        {
            Defer(app, AuthenticationKey, static branch => branch.UseAuthentication());
        }

        if (services?.IsService(typeof(IAuthorizationHandlerProvider)) == true)
        {
            Defer(app, AuthorizationKey, static branch => branch.UseAuthorization());
        }
    }

    private static void Defer(IApplicationBuilder app, string key, Action<IApplicationBuilder> use)
    {
        if (app.Properties.ContainsKey(key))
        {
            return;
        }

        app.Properties[key] = Deferred;

        // Components are built after the whole app has been composed, so by then it is known whether the app placed its own.
        app.Use(next =>
        {
            if (!ReferenceEquals(app.Properties[key], Deferred))
            {
                return next;
            }

            var branch = app.New();
            use(branch);
            branch.Run(next);
            return branch.Build();
        });
    }
}
