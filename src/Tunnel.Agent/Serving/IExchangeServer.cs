namespace Tunnel.Agent.Serving;

/// <summary>Answers visitors' requests: from the app's own pipeline, or by forwarding to a local server.</summary>
internal interface IExchangeServer
{
    /// <summary>
    /// Answers one exchange in full and says in it how that went. Must not throw for anything that the visitor, the app or the target
    /// did; whatever escapes is logged as a fault of the agent and resets the exchange.
    /// </summary>
    Task ServeAsync(ServedExchange served);
}
