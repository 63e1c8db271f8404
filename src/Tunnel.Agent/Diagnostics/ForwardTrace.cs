using System.Diagnostics;
using Tunnel.Agent.Serving;
using Tunnel.Wire.Telemetry;

namespace Tunnel.Agent.Diagnostics;

/// <summary>The activities of one forwarded exchange, from its head to its end; a WebSocket's end is that of its last direction.</summary>
internal sealed class ForwardTrace(Activity exchange, Activity? forward)
{
    public void End(ServedExchange served)
    {
        var error = ServedError.Of(served);
        if (forward is not null)
        {
            HttpTags.SetOutcome(forward, served.StatusCode, error);
            forward.Dispose();
        }

        HttpTags.SetOutcome(exchange, served.StatusCode, error);
        exchange.Dispose();
    }
}
