namespace Tunnel.Agent.Serving;

/// <summary>Who answers for which tunnel and service. Not changed any more once a session is open.</summary>
internal sealed class ServerTable
{
    private readonly List<Dictionary<string, IExchangeServer>> _tunnels = []; // by the tunnel's number; the default service has an empty name

    /// <summary>Adds the next tunnel.</summary>
    /// <param name="server">Answers for its default service.</param>
    /// <returns>Takes the servers of its named services.</returns>
    public IDictionary<string, IExchangeServer> AddTunnel(IExchangeServer server)
    {
        var services = new Dictionary<string, IExchangeServer>(StringComparer.OrdinalIgnoreCase) { [string.Empty] = server };
        _tunnels.Add(services);
        return services;
    }

    /// <returns>Null when there is no such tunnel or service.</returns>
    public IExchangeServer? Find(int tunnel, string service) =>
        tunnel < _tunnels.Count ? _tunnels[tunnel].GetValueOrDefault(service) : null;
}
