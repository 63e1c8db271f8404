using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>An app's account of a request, a line for each thing that it can see.</summary>
internal static class Seen
{
    public const string HeaderMark = "> ";

    /// <summary>Answers with the account; reads the body to its end.</summary>
    public static async Task DescribeAsync(HttpContext context)
    {
        var request = context.Request;
        List<string> lines =
        [
            $"method {request.Method}",
            $"protocol {request.Protocol}",
            $"scheme {request.Scheme}",
            $"host {request.Host}",
            $"path base {request.PathBase.Value}",
            $"path {request.Path.Value}",
            $"query {request.QueryString.Value}",
            $"parsed {string.Join(' ', request.Query.Select(pair => $"{pair.Key}={string.Join(',', pair.Value.ToArray())}"))}",
            $"raw target {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}",
            $"length {request.ContentLength}",
            $"type {request.ContentType}",
            $"can have body {context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody}",
        ];

        // Kestrel keeps the order within a name only.
        foreach (var (name, values) in request.Headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
        {
            lines.AddRange(values.Select(value => $"{HeaderMark}{name}: {value}"));
        }

        var body = await ReadAsync(request.Body);
        lines.Add($"body {body}");
        await context.Response.WriteAsync(string.Join('\n', lines));
    }

    /// <summary>Length and hash of what is left of a stream.</summary>
    public static async Task<string> ReadAsync(Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        long length = 0;
        while (await stream.ReadAsync(buffer) is > 0 and var count)
        {
            hash.AppendData(buffer.AsSpan(0, count));
            length += count;
        }

        return Summary(length, hash.GetHashAndReset());
    }

    public static string Of(ReadOnlySpan<byte> bytes) => Summary(bytes.Length, SHA256.HashData(bytes));

    private static string Summary(long length, byte[] hash) =>
        string.Create(CultureInfo.InvariantCulture, $"{length} {Convert.ToHexString(hash.AsSpan(0, 8))}");
}
