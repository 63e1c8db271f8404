using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Sends a visitor's request body to the agent as it comes.</summary>
internal static class VisitorUpload
{
    /// <summary>Ends when the body ends, the agent reads no more, or the read is cancelled; never throws.</summary>
    public static async Task RunAsync(PipeReader body, Exchange exchange)
    {
        try
        {
            // The first read makes the server send 100-continue, so it waits for the app to want the body.
            while (await exchange.WaitForCreditAsync())
            {
                var result = await body.ReadAsync();
                foreach (var segment in result.Buffer)
                {
                    if (!await exchange.WriteAsync(segment))
                    {
                        body.AdvanceTo(result.Buffer.End);
                        return;
                    }
                }

                body.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    exchange.End();
                    return;
                }

                if (result.IsCanceled)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or BadHttpRequestException or OperationCanceledException or InvalidOperationException)
        {
            // The visitor left, or its body is malformed: the app must not take what came for the whole.
            exchange.Abort(ErrorCode.Cancelled);
        }
    }
}
