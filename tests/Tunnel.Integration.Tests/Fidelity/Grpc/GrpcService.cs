using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Integration.Tests.Fidelity.Grpc;

/// <summary>A gRPC service as ASP.NET Core would host one; the path's last part is the call.</summary>
internal static class GrpcService
{
    private const int DeadlineExceeded = 4;
    private const int Unimplemented = 12;

    public static async Task ServeAsync(HttpContext context)
    {
        var (request, response) = (context.Request.BodyReader, context.Response);
        if (!context.Request.ContentType!.StartsWith("application/grpc", StringComparison.Ordinal) || context.Request.Headers.TE != "trailers")
        {
            response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        response.ContentType = "application/grpc";
        response.Headers["x-initial"] = context.Request.Headers["x-metadata"];
        using var deadline = DeadlineOf(context);
        var status = 0;
        try
        {
            switch (context.Request.Path.Value!.Split('/')[^1])
            {
                case "Unary":
                    await response.BodyWriter.WriteMessageAsync($"re {await request.ReadMessageAsync()}");
                    break;
                case "ServerStream":
                    var count = int.Parse((await request.ReadMessageAsync())!, CultureInfo.InvariantCulture);
                    for (var i = 0; i < count; i++)
                    {
                        await response.BodyWriter.WriteMessageAsync($"message {i}");
                    }

                    break;
                case "ClientStream":
                    var lengths = 0;
                    while (await request.ReadMessageAsync() is { } message)
                    {
                        lengths += message.Length;
                    }

                    await response.BodyWriter.WriteMessageAsync($"{lengths}");
                    break;
                case "Both":
                    await response.BodyWriter.FlushAsync(); // the metadata, before the first message comes
                    while (await request.ReadMessageAsync() is { } message)
                    {
                        await response.BodyWriter.WriteMessageAsync($"re {message}");
                    }

                    break;
                case "LeaveEarly":
                    await response.BodyWriter.WriteMessageAsync($"no more after {await request.ReadMessageAsync()}");
                    status = 9;
                    break;
                case "WaitForDeadline":
                    await Task.Delay(Timeout.Infinite, deadline.Token);
                    break;
                default:
                    // Trailers only: status and message are headers of a response without a body.
                    response.Headers["grpc-status"] = Unimplemented.ToString(CultureInfo.InvariantCulture);
                    response.Headers["grpc-message"] = "no such call: %C3%A4";
                    return;
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            status = DeadlineExceeded;
        }

        response.AppendTrailer("grpc-status", status.ToString(CultureInfo.InvariantCulture));
        response.AppendTrailer("grpc-message", status == 0 ? "" : "over");
        response.AppendTrailer("x-trailing-bin", "AAEC/w");
    }

    /// <summary>In milliseconds only, which is all that the tests write.</summary>
    private static CancellationTokenSource DeadlineOf(HttpContext context) =>
        context.Request.Headers["grpc-timeout"].ToString() is { Length: > 0 } timeout
            ? new CancellationTokenSource(TimeSpan.FromMilliseconds(int.Parse(timeout.TrimEnd('m'), CultureInfo.InvariantCulture)))
            : new CancellationTokenSource();
}
