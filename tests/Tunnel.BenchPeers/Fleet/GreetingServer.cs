using Tunnel.Agent.Serving;
using Tunnel.Wire.Codec;

namespace Tunnel.BenchPeers.Fleet;

/// <summary>Answers every visitor the same, with no pipeline behind it.</summary>
internal sealed class GreetingServer : IExchangeServer
{
    private static readonly byte[] Greeting = "Hello, world!"u8.ToArray();

    public async Task ServeAsync(ServedExchange served)
    {
        using (var head = HeadWriter.Rent())
        {
            new ResponseLine(StatusCodes.Status200OK, string.Empty).Write(head);
            head.Header("Content-Type", "text/plain");
            head.Header("Content-Length", "13");
            head.EndHeaders();
            served.Exchange.SendHead(head.Written, flush: false);
        }

        served.StatusCode = StatusCodes.Status200OK;
        await served.SendBodyAsync(Greeting, end: true);
    }
}
