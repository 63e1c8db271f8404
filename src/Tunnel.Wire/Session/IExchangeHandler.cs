namespace Tunnel.Wire.Session;

/// <summary>Takes the exchanges that the peer opens.</summary>
internal interface IExchangeHandler
{
    /// <summary>
    /// An exchange was opened; its head is there. Called on the session's receiving loop, which must not be kept: hand the work to
    /// another thread. The handler owns the exchange and disposes it.
    /// </summary>
    void OnOpened(Exchange exchange);
}
