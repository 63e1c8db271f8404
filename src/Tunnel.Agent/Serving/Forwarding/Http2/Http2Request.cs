using System.Net;
using Tunnel.Agent.Serving.Forwarding.Origin;

namespace Tunnel.Agent.Serving.Forwarding.Http2;

/// <summary>Puts a visitor's request into the framework's form.</summary>
internal static class Http2Request
{
    // The target's bytes stay as they are, and nothing in them is resolved against anything.
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public static HttpRequestMessage Create(OriginRequest request, string origin, HttpContent? body)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Line.Method), new Uri(origin + request.Target, AsWritten))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };

        // Becomes :authority (RFC 9113 section 8.3.1).
        message.Headers.TryAddWithoutValidation("Host", request.Host);
        foreach (var header in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(header.Name, header.Value))
            {
                // Those that describe a body can also stand where there is none.
                message.Content ??= new NoContent();
                message.Content.Headers.TryAddWithoutValidation(header.Name, header.Value);
            }
        }

        if (message.Content is { } content && request.ContentLength is { } length)
        {
            content.Headers.ContentLength = length;
        }

        if (request.TakesTrailers)
        {
            // The only thing that it may say here (RFC 9113 section 8.2.2).
            message.Headers.TryAddWithoutValidation("TE", "trailers");
        }

        return message;
    }

    private sealed class NoContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
