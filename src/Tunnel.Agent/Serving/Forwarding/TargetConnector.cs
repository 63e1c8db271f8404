using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Tunnel.Agent.Serving.Forwarding.Origin;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Opens connections to the target, and to nothing else.</summary>
internal sealed class TargetConnector(ForwardTarget target, CertificateRule certificates, TimeProvider time)
{
    /// <summary>A local server answers a connect at once or is not there; five seconds also cover one that starts.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Gives the socket and the stream over it, which owns it.</summary>
    /// <param name="protocol">What will be spoken; over TLS the target has to agree to HTTP/2.</param>
    /// <param name="cancellationToken">Gives the attempt up.</param>
    /// <exception cref="OriginUnreachableException">The target does not take the connection, or its certificate is not taken.</exception>
    public async Task<(Socket Socket, Stream Stream)> ConnectAsync(SslApplicationProtocol protocol, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var socket = target.EndPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target.EndPoint, either.Token).ConfigureAwait(false);
            return (socket, await SecureAsync(new NetworkStream(socket, ownsSocket: true), protocol, either.Token).ConfigureAwait(false));
        }
        catch (Exception exception)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is not OriginUnreachableException
                && exception is SocketException or IOException or AuthenticationException or OperationCanceledException)
            {
                throw new OriginUnreachableException(exception);
            }

            throw;
        }
    }

    private async ValueTask<Stream> SecureAsync(Stream stream, SslApplicationProtocol protocol, CancellationToken cancellationToken)
    {
        if (!target.IsTls)
        {
            return stream;
        }

        var tls = new SslStream(stream);
        string? refused = null;
        try
        {
            var options = certificates.OptionsFor(target, protocol, reason => refused = reason);
            await tls.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (AuthenticationException exception) when (refused is not null)
        {
            throw new OriginUnreachableException(exception, refused);
        }

        return protocol != SslApplicationProtocol.Http2 || tls.NegotiatedApplicationProtocol == protocol
            ? tls
            : throw new OriginUnreachableException(
                new AuthenticationException("It does not agree to HTTP/2 (ALPN h2), which gRPC needs; switch HTTP/2 on there."));
    }
}
