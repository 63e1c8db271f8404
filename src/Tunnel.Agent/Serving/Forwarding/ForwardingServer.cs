namespace Tunnel.Agent.Serving.Forwarding;

internal sealed class ForwardingServer(Uri target, string? host) : IExchangeServer
{
    public Task ServeAsync(ServedExchange served) => throw new NotSupportedException($"{target} {host}");
}
