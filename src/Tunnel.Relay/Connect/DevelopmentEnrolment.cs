using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Tunnel.Relay.Connect;

/// <summary>What decides on the enrolment of an unknown agent.</summary>
/// <param name="IsEnabled"><see cref="TunnelRelayOptions.DevelopmentEnrolment"/>.</param>
/// <param name="IsDevelopment">Whether the environment is Development.</param>
/// <param name="Connection">The connection, as it was before forwarded headers.</param>
/// <param name="Host">The request's host without its port.</param>
/// <param name="ProxyHeader">A header that shows that a proxy or a browser was in between, or null.</param>
internal sealed record EnrolmentFacts(bool IsEnabled, bool IsDevelopment, ConnectionFacts Connection, string Host, string? ProxyHeader)
{
    public static EnrolmentFacts Of(HttpContext context, IServer server, IHostEnvironment environment, TunnelRelayOptions options) => new(
        options.DevelopmentEnrolment,
        environment.IsDevelopment(),
        ConnectionFacts.Of(context, server),
        context.Request.Host.Host,
        ProxyHeaders.Find(context.Request.Headers));
}

/// <summary>
/// Lets unknown agents on a developer's machine in. Every condition has to hold: behind a local proxy everybody arrives from
/// 127.0.0.1, and any web page can open a WebSocket to it.
/// </summary>
internal static class DevelopmentEnrolment
{
    /// <returns>Null if the agent may enrol, else a sentence that says which condition failed.</returns>
    public static string? Refuse(EnrolmentFacts facts) =>
        RefuseAll(facts.IsEnabled, facts.IsDevelopment, facts.Connection.BoundAddresses) ?? RefuseOne(facts);

    /// <summary>What is the same for every agent, so that it can be said before the first one comes.</summary>
    /// <returns>Null if some agent may enrol, else a sentence that says which condition failed.</returns>
    public static string? RefuseAll(bool isEnabled, bool isDevelopment, IReadOnlyCollection<string> boundAddresses) =>
        !isEnabled ? "This relay enrols no unknown agents: Tunnel:Relay:DevelopmentEnrolment is off."
        : !isDevelopment ? "Unknown agents can enrol in the Development environment only."
        : boundAddresses.FirstOrDefault(address => !IsLoopback(address)) is { } open
            ? $"Unknown agents can enrol only while the relay listens on loopback addresses, and it listens on {open} too."
        : null;

    private static string? RefuseOne(EnrolmentFacts facts)
    {
        var connection = facts.Connection;
        return facts switch
        {
            { ProxyHeader: { } header } =>
                $"Unknown agents cannot enrol through a proxy or from a browser: the request has the header {header}.",
            _ when !LoopbackHost.Is(facts.Host) =>
                "Unknown agents can enrol only if they dial localhost or a loopback address, and the request's Host is another one.",
            _ when connection.IsInMemory => null,
            _ when connection.BoundAddresses.Count == 0 =>
                "Unknown agents can enrol only if the relay's server says which addresses it listens on, and it does not.",
            _ when !ConnectionFacts.IsLoopback(connection.Remote) =>
                "Unknown agents can enrol only from the relay's own machine, and the connection is from another address.",
            _ when !ConnectionFacts.IsLoopback(connection.Local) =>
                "Unknown agents can enrol only by the relay's loopback address, and the connection is to another one.",
            _ => null,
        };
    }

    // Bound addresses are not always URIs (http://*:80, http://unix:/path); BindingAddress knows them all.
    private static bool IsLoopback(string boundAddress)
    {
        try
        {
            var address = BindingAddress.Parse(boundAddress);
            return !address.IsUnixPipe && !address.IsNamedPipe && LoopbackHost.Is(address.Host);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
