using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Tunnel.Agent.Serving.Compression;

/// <summary>Which bodies get smaller enough to be worth it, and may wait for more of themselves.</summary>
internal static class CompressibleBody
{
    /// <summary>Below it a body fits into few packets anyway.</summary>
    private const long SmallestLength = 1024;

    /// <param name="contentType">The response's.</param>
    /// <param name="contentEncoding">The response's; what the app has compressed does not get smaller.</param>
    /// <param name="length">In bytes, or null when only the end will tell.</param>
    public static bool Is(string? contentType, string? contentEncoding, long? length)
    {
        if (length < SmallestLength || !string.IsNullOrEmpty(contentEncoding)
            || !MediaTypeHeaderValue.TryParse(contentType, out var type) || IsStream(type.MediaType))
        {
            return false;
        }

        return type.Type.Equals("text", StringComparison.OrdinalIgnoreCase) || IsText(type.Suffix) || IsText(type.SubType);
    }

    /// <summary>Pieces of these are small and have to leave at once.</summary>
    private static bool IsStream(StringSegment type) =>
        type.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase)
        || type.Equals("application/x-ndjson", StringComparison.OrdinalIgnoreCase)
        || type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase);

    private static bool IsText(StringSegment name) =>
        name.Equals("json", StringComparison.OrdinalIgnoreCase) || name.Equals("javascript", StringComparison.OrdinalIgnoreCase)
        || name.Equals("xml", StringComparison.OrdinalIgnoreCase) || name.Equals("wasm", StringComparison.OrdinalIgnoreCase)
        || name.Equals("x-javascript", StringComparison.OrdinalIgnoreCase);
}
