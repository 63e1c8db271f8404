namespace Tunnel.Agent.Serving.Forwarding.Origin;

internal readonly record struct HeaderLine(string Name, string Value)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
