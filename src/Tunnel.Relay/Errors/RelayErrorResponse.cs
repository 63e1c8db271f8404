using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Errors;

/// <summary>Writes a <see cref="RelayError"/>: a small page for browsers, problem details (RFC 9457) for everybody else.</summary>
internal static class RelayErrorResponse
{
    public static Task WriteAsync(HttpContext context, RelayError error)
    {
        var response = context.Response;
        response.Clear();
        response.StatusCode = error.Status;
        response.Headers.CacheControl = "no-store";
        if (error.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var (type, body) = WantsPage(context.Request)
            ? ("text/html; charset=utf-8", Page(error))
            : ("application/problem+json", JsonSerializer.SerializeToUtf8Bytes(
                new Problem(error.Title, error.Status, error.Code), ProblemJson.Default.Problem));
        response.ContentType = type;
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body).AsTask();
    }

    private static bool WantsPage(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static byte[] Page(RelayError error)
    {
        var title = HtmlEncoder.Default.Encode(error.Title);
        return System.Text.Encoding.UTF8.GetBytes($$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>{{error.Status}} – {{title}}</title>
            <style>
            body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 32rem; padding: 0 1rem; color: #222; background: #fff }
            small { color: #777 }
            @media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b } }
            </style>
            </head>
            <body>
            <h1>{{error.Status}}</h1>
            <p>{{title}}</p>
            <small>{{error.Code}}</small>
            </body>
            </html>

            """);
    }
}

/// <summary>Problem details with the relay's stable code.</summary>
internal sealed record Problem(string Title, int Status, string Code);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
