namespace Tunnel.Agent;

/// <summary>The app's view of its tunnel. Resolve it from the service container; one instance per app, safe for concurrent use.</summary>
/// <remarks>Members may be added in any release: implement it in tests of your own only.</remarks>
/// <example>
/// <code language="csharp">
/// var agent = app.Services.GetRequiredService&lt;ITunnelAgent&gt;();
/// agent.Changed += changed =&gt; Console.WriteLine($"{changed.State} {changed.PublicUrl} {changed.LastFailure?.Message}");
/// await app.StartAsync();
/// Console.WriteLine($"Public URL: {await agent.WaitUntilConnectedAsync()}");
/// </code>
/// </example>
public interface ITunnelAgent
{
    /// <summary>What the tunnel is doing now.</summary>
    TunnelAgentState State { get; }

    /// <summary>The first tunnel's public URL, once the relay has given one; kept while the agent reconnects.</summary>
    Uri? PublicUrl { get; }

    /// <summary>
    /// One public URL for each tunnel, the first tunnel's first and then in the order of <see cref="TunnelAgentOptions.Tunnels"/>; empty
    /// until the relay has given them.
    /// </summary>
    IReadOnlyList<Uri> PublicUrls { get; }

    /// <summary>Why the last attempt to connect failed, or <see langword="null"/> since the last success.</summary>
    TunnelFailure? LastFailure { get; }

    /// <summary>Waits until the tunnel is connected.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The first tunnel's public URL.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, or the agent was stopped.</exception>
    Task<Uri> WaitUntilConnectedAsync(CancellationToken cancellationToken = default);

    /// <summary>Raised after <see cref="State"/> has changed, or after another failed attempt. Handlers must be quick; what they throw is logged and ignored.</summary>
    event Action<ITunnelAgent>? Changed;

    /// <summary>Raised when a request through the tunnel has ended. Handlers must be quick; what they throw is logged and ignored.</summary>
    event Action<TunnelRequest>? RequestCompleted;

    /// <summary>
    /// Raised when a request has become a WebSocket or another stream of bytes both ways (status 101), which may last for hours;
    /// <see cref="RequestCompleted"/> follows at its end. Until then <see cref="TunnelRequest.Duration"/> is the time that the upgrade took.
    /// Handlers must be quick; what they throw is logged and ignored.
    /// </summary>
    event Action<TunnelRequest>? RequestUpgraded;
}
