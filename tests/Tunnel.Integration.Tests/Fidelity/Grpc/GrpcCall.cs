using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Grpc;

/// <summary>A client's side of one call, over any way.</summary>
internal sealed class GrpcCall : IDisposable
{
    private readonly Pipe _request = new();
    private readonly CancellationTokenSource _cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly HttpRequestMessage _message;
    private readonly Task<HttpResponseMessage> _response;
    private PipeReader? _body;

    /// <param name="service">The header line that leads to the service.</param>
    public GrpcCall(HttpClient client, Way way, string call, string service, string? timeout = null)
    {
        _message = new HttpRequestMessage(HttpMethod.Post, new Uri(way.Address, $"test.Service/{call}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new PipedContent(_request.Reader),
            Headers = { Host = way.Host, TE = { new TransferCodingWithQualityHeaderValue("trailers") } },
        };
        _message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        _message.Headers.Add(service.Split(": ")[0], service.Split(": ")[1]);
        _message.Headers.Add("x-metadata", "from the visitor");
        if (timeout is not null)
        {
            _message.Headers.Add("grpc-timeout", timeout);
        }

        _response = client.SendAsync(_message, HttpCompletionOption.ResponseHeadersRead, _cancel.Token);
    }

    public Task<HttpResponseMessage> Response => _response.Soon("the head of the response");

    public Task SendAsync(string message) => _request.Writer.WriteMessageAsync(message).Soon();

    public void Complete() => _request.Writer.Complete();

    public async Task<string?> ReadAsync()
    {
        _body ??= PipeReader.Create(await (await Response).Content.ReadAsStreamAsync(_cancel.Token));
        return await _body.ReadMessageAsync(_cancel.Token).Soon("a message of the response");
    }

    /// <summary>Everything that a client gets from here on.</summary>
    public async Task<string> OutcomeAsync()
    {
        var lines = new List<string>();
        try
        {
            var response = await Response;
            lines.Add($"{(int)response.StatusCode} HTTP/{response.Version}");
            lines.AddRange(Lines(response.Headers));
            lines.AddRange(Lines(response.Content.Headers));
            while (await ReadAsync() is { } message)
            {
                lines.Add($"message {Seen.Of(System.Text.Encoding.UTF8.GetBytes(message))} {(message.Length < 100 ? message : "")}");
            }

            lines.AddRange(Lines(response.TrailingHeaders).Select(line => $"trailer {line}"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The client cancels a request body that it still sends when the other side resets the stream.
            lines.Add($"broken: {exception.GetBaseException().Message}");
        }

        return string.Join('\n', lines);
    }

    /// <summary>Gives the call up when its response has begun.</summary>
    public void Cancel() => _response.Result.Dispose();

    public void Dispose()
    {
        _cancel.Cancel();
        _message.Dispose();
        if (_response.IsCompletedSuccessfully)
        {
            _response.Result.Dispose();
        }
    }

    private static IEnumerable<string> Lines(HttpHeaders headers) => headers.NonValidated
        .Where(header => !header.Key.Equals("date", StringComparison.OrdinalIgnoreCase))
        .SelectMany(header => header.Value.Select(value => $"{header.Key.ToLowerInvariant()}: {value}"))
        .Order(StringComparer.Ordinal);

    private sealed class PipedContent(PipeReader reader) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.FlushAsync(cancellationToken);
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken);
                foreach (var segment in read.Buffer)
                {
                    await stream.WriteAsync(segment, cancellationToken);
                }

                await stream.FlushAsync(cancellationToken);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
