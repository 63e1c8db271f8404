using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Tunnel.Relay.Hosting;

namespace Tunnel.Relay.Errors;

/// <summary>
/// Writes a <see cref="RelayError"/>: what the app's own handler makes of it, or a page for browsers and problem details (RFC 9457) for
/// everybody else. A refused WebSocket handshake is answered like any other request (RFC 6455 section 4.2.2, RFC 8441 section 5).
/// </summary>
internal sealed partial class RelayErrorResponse(
    IOptions<TunnelRelayOptions> options, ErrorPages pages, RelayMetrics metrics, ILogger<RelayErrorResponse> logger)
{
    public Task WriteAsync(HttpContext context, RelayError error)
    {
        metrics.Failed(error.Code);
        Begin(context.Response, error);
        return options.Value.OnVisitorError is { } handler
            ? WriteAsync(context, error, handler)
            : WriteDefaultAsync(context, error);
    }

    private async Task WriteAsync(HttpContext context, RelayError error, Func<TunnelVisitorError, ValueTask<bool>> handler)
    {
        try
        {
            if (await handler(new TunnelVisitorError(context, error)) || context.Response.HasStarted)
            {
                return;
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            LogHandlerFailed(error.Code, exception);
            if (context.Response.HasStarted)
            {
                // A broken transfer, never a short one that looks complete.
                context.Abort();
                return;
            }

            Begin(context.Response, error);
        }

        await WriteDefaultAsync(context, error);
    }

    private static void Begin(HttpResponse response, RelayError error)
    {
        response.Clear();
        response.StatusCode = error.Status;
        response.Headers.CacheControl = "no-store";
        if (error.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
    }

    private Task WriteDefaultAsync(HttpContext context, RelayError error)
    {
        var response = context.Response;
        var (type, body) = WantsPage(context.Request)
            ? ("text/html; charset=utf-8", pages.Render(error))
            : ("application/problem+json", JsonSerializer.SerializeToUtf8Bytes(
                new Problem(error.Type, error.Title, error.Status, error.Code), ProblemJson.Default.Problem));
        response.ContentType = type;
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body).AsTask();
    }

    /// <summary>Whether the visitor names HTML among what it takes, as browsers do. <c>*/*</c> alone is a program's.</summary>
    private static bool WantsPage(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase) && type.Quality is null or > 0);

    [LoggerMessage(205, LogLevel.Error, "TunnelRelayOptions.OnVisitorError failed for {Code}; the visitor gets the default answer.", EventName = "ErrorHandlerFailed")]
    private partial void LogHandlerFailed(string code, Exception exception);
}

/// <summary>Problem details with the relay's stable code.</summary>
internal sealed record Problem(string Type, string Title, int Status, string Code);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
