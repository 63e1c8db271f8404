using System.Net;
using System.Net.Security;
using System.Text;
using Tunnel.Agent.Serving.Forwarding.Origin;

namespace Tunnel.Agent.Serving.Forwarding.Http2;

/// <summary>
/// The HTTP/2 connections to the target. Here the framework's own client is used: over HTTP/2 it reads the response while it sends the
/// request. What it cannot do is send trailers of a request, and it keeps informational responses to itself.
/// </summary>
internal sealed class Http2Client(ForwardTarget target, TargetConnector connector) : IDisposable
{
    private const long ProtocolError = 0x1; // RFC 9113 section 7
    private const long Http11Required = 0xd;

    private readonly HttpMessageInvoker _invoker = new(CreateHandler(connector));
    private volatile bool _hasAnswered; // ever

    /// <summary>Scheme and authority of every request. The connector decides where it goes, whatever stands here.</summary>
    public string Origin { get; } = $"{(target.IsTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)}://{target.Authority}";

    /// <summary>Returns when the response's head is there; the request may still be on its way then.</summary>
    /// <exception cref="OriginUnreachableException">The target does not take the connection, or does not speak HTTP/2.</exception>
    /// <exception cref="OriginProtocolException">The target broke the exchange off, or what it sent is no HTTP/2.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await _invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
            _hasAnswered = true;
            return response;
        }
        catch (HttpRequestException exception)
        {
            throw Translate(exception);
        }
    }

    public void Dispose() => _invoker.Dispose();

    private static SocketsHttpHandler CreateHandler(TargetConnector connector) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        EnableMultipleHttp2Connections = true,
        ConnectTimeout = Timeout.InfiniteTimeSpan, // the connector has its own
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10), // with ForwardHost=preserve an https target gets one for each Host that visitors write
        MaxResponseHeadersLength = OriginConnection.MaxHeadSize / 1024,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = async (_, cancellationToken) =>
            (await connector.ConnectAsync(SslApplicationProtocol.Http2, cancellationToken).ConfigureAwait(false)).Stream,
    };

    private IOException Translate(HttpRequestException exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is OriginUnreachableException unreachable)
            {
                return new OriginUnreachableException(unreachable.InnerException!, unreachable.CertificateProblem);
            }
        }

        // What an HTTP/1.1 server says to the HTTP/2 preface is a broken frame, HTTP_1_1_REQUIRED, or the connection's end.
        return !_hasAnswered
            && (exception.InnerException is not HttpProtocolException protocol || protocol.ErrorCode is ProtocolError or Http11Required)
            ? new OriginUnreachableException(new IOException(
                "It does not speak HTTP/2 without TLS, which gRPC and h2c:// need. Switch HTTP/2 on there (in ASP.NET Core: Protocols = Http2 on the endpoint), or use https.", exception))
            : new OriginProtocolException(exception.InnerException is { } cause ? $"{exception.Message} {cause.Message}" : exception.Message);
    }
}
