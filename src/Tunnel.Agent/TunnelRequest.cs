namespace Tunnel.Agent;

/// <summary>A request that has gone through the tunnel.</summary>
/// <param name="Method">The request method.</param>
/// <param name="Path">The path below the tunnel's public URL as the visitor wrote it, without the query, which may hold secrets.</param>
/// <param name="StatusCode">The response's status code; 0 when there was no response.</param>
/// <param name="ResponseBytes">Bytes of response body handed to the tunnel.</param>
/// <param name="Duration">From the arrival of the request's head to the end of the exchange.</param>
/// <param name="Outcome">How the exchange ended.</param>
public readonly record struct TunnelRequest(
    string Method,
    string Path,
    int StatusCode,
    long ResponseBytes,
    TimeSpan Duration,
    TunnelRequestOutcome Outcome);
