using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The request's features.</summary>
internal abstract partial class InProcessRequest :
    IHttpRequestFeature,
    IHttpRequestBodyDetectionFeature,
    IHttpRequestIdentifierFeature,
    IHttpRequestLifetimeFeature,
    IHttpRequestTrailersFeature,
    IRequestBodyPipeFeature,
    IHttpMaxRequestBodySizeFeature,
    IHttpConnectionFeature,
    IHttpBodyControlFeature,
    IHttpMinRequestBodyDataRateFeature,
    IHttpMinResponseDataRateFeature,
    IAbortHandler
{
    /// <summary>To the application all of this process' tunnelled requests come through one connection.</summary>
    private static readonly string TunnelConnectionId = "T" + RandomNumberGenerator.GetHexString(12);
    private static uint _requestCount;

    private readonly HeaderDictionary _requestHeaders = [];
    private readonly Lock _abortGate = new(); // guards the four fields of the abort
    private RequestBodyReader _requestBody = null!;
    private Stream? _requestStream;
    private HeaderDictionary? _requestTrailers;
    private CancellationTokenSource? _abortSource;
    private CancellationToken? _abortToken; // the application's own in place of ours
    private bool _aborted;
    private Exchange? _current; // whose abort is this request's
    private string? _traceIdentifier;
    private string? _connectionId;
    private IPAddress? _remoteAddress;

    public string Protocol { get; set; } = HttpProtocol.Http11;

    public string Scheme { get; set; } = string.Empty;

    public string Method { get; set; } = string.Empty;

    public string PathBase { get; set; } = string.Empty;

    public string Path { get; set; } = string.Empty;

    public string QueryString { get; set; } = string.Empty;

    public string RawTarget { get; set; } = string.Empty;

    IHeaderDictionary IHttpRequestFeature.Headers { get; set; } = null!;

    Stream IHttpRequestFeature.Body
    {
        get => _requestStream ??= new RequestBodyStream(_requestBody, this);
        set => _requestStream = value;
    }

    PipeReader IRequestBodyPipeFeature.Reader =>
        _requestStream is null or RequestBodyStream ? _requestBody : PipeReader.Create(_requestStream);

    public bool CanHaveBody { get; private set; }

    bool IHttpRequestTrailersFeature.Available => _requestBody.IsCompleted;

    IHeaderDictionary IHttpRequestTrailersFeature.Trailers => _requestTrailers ??= ReadTrailers();

    // Without a body there is no reading that could have begun.
    bool IHttpMaxRequestBodySizeFeature.IsReadOnly => (_requestBody.HasStarted && CanHaveBody) || _upgrade is not null;

    long? IHttpMaxRequestBodySizeFeature.MaxRequestBodySize
    {
        get => _requestBody.MaxSize;
        set
        {
            if (_requestBody.HasStarted && CanHaveBody)
            {
                throw new InvalidOperationException("The request body's size limit cannot be changed after reading has begun.");
            }

            ArgumentOutOfRangeException.ThrowIfNegative(value ?? 0);
            _requestBody.MaxSize = value;
        }
    }

    public bool AllowSynchronousIO { get; set; }

    /// <summary>Apps lift it where they find it; a slow visitor is the relay's to bear, which has no minimum for bodies.</summary>
    MinDataRate? IHttpMinRequestBodyDataRateFeature.MinDataRate { get; set; }

    /// <summary>The relay's server watches the visitor's connection; what an app sets here does not reach it.</summary>
    MinDataRate? IHttpMinResponseDataRateFeature.MinDataRate { get; set; }

    public string TraceIdentifier
    {
        get => _traceIdentifier ??= $"{ConnectionId}:{Interlocked.Increment(ref _requestCount):X8}";
        set => _traceIdentifier = value;
    }

    public string ConnectionId
    {
        get => _connectionId ?? TunnelConnectionId;
        set => _connectionId = value;
    }

    public IPAddress? RemoteIpAddress
    {
        get => _remoteAddress ??= IPAddress.TryParse(_served.Line.RemoteAddress, out var address) ? address : null;
        set => _remoteAddress = value;
    }

    public int RemotePort { get; set; }

    public IPAddress? LocalIpAddress { get; set; }

    public int LocalPort { get; set; }

    public CancellationToken RequestAborted
    {
        get
        {
            lock (_abortGate)
            {
                return _abortToken
                    ?? (_aborted && _abortSource is null
                        ? new CancellationToken(canceled: true)
                        : (_abortSource ??= new CancellationTokenSource()).Token);
            }
        }

        set => _abortToken = value;
    }

    private bool IsAborted
    {
        get
        {
            lock (_abortGate)
            {
                return _aborted;
            }
        }
    }

    public void Abort()
    {
        _exchange.Abort(ErrorCode.Failed);
        OnAborted(_exchange, ErrorCode.Failed);
    }

    /// <summary>The notice may come late; then it is about a request that this object no longer serves.</summary>
    public void OnAborted(Exchange exchange, ErrorCode code)
    {
        CancellationTokenSource? source;
        RequestBodyReader body;
        lock (_abortGate)
        {
            if (_aborted || !ReferenceEquals(exchange, _current))
            {
                return;
            }

            _aborted = true;
            source = _abortSource;
            body = _requestBody;
        }

        body.Abort();
        try
        {
            source?.Cancel();
        }
        catch (AggregateException exception)
        {
            // What the application registered with RequestAborted threw; there is nobody else to hear of it here.
            settings.OnApplicationError(exception);
        }
    }

    private void BeginRequest(in RequestLine line)
    {
        var path = RequestPath.Parse(line.Target, line.PrefixLength);
        Protocol = line.Protocol;
        _own = line.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal) ? OnHttp1 : OnHttp2;
        Scheme = line.Scheme;
        Method = line.Method;
        RawTarget = line.Target;
        PathBase = path.PathBase;
        Path = path.Path;
        QueryString = path.QueryString;
        RemotePort = line.RemotePort;
        CanHaveBody = line.HasBody;
        AllowSynchronousIO = settings.Kestrel.AllowSynchronousIO;
        ((IHttpMinRequestBodyDataRateFeature)this).MinDataRate = settings.Kestrel.Limits.MinRequestBodyDataRate;
        ((IHttpMinResponseDataRateFeature)this).MinDataRate = settings.Kestrel.Limits.MinResponseDataRate;
        ((IHttpRequestFeature)this).Headers = _requestHeaders;
        if (line.Authority.Length > 0 || line.Protocol != HttpProtocol.Http10)
        {
            _requestHeaders["Host"] = line.Authority; // HTTP/1.0 knows requests without one
        }

        _requestBody = new RequestBodyReader(_exchange, settings.MaxRequestBodySize, this, isEmpty: line.IsUpgrade);
        lock (_abortGate)
        {
            _current = _exchange;
        }
    }

    /// <summary>A body without a length was chunked on the visitor's connection, which the link does not tell and apps may ask for.</summary>
    private void SayFraming(in RequestLine line)
    {
        if (line.HasBody && line.Protocol == HttpProtocol.Http11 && _requestHeaders.ContentLength is null)
        {
            _requestHeaders["Transfer-Encoding"] = "chunked";
        }
    }

    private void EndRequest()
    {
        _requestHeaders.Clear();
        _requestStream = null;
        _requestTrailers = null;
        _traceIdentifier = null;
        _connectionId = null;
        _remoteAddress = null;
        LocalIpAddress = null;
        LocalPort = 0;

        // Nobody may reset a source whose token the application has seen and may still hold; a fresh one per request that asked is cheap.
        _abortSource = null;
        _abortToken = null;
    }

    private HeaderDictionary ReadTrailers()
    {
        if (!_requestBody.IsCompleted)
        {
            throw new InvalidOperationException("Trailers are not available before the request body has been read to its end.");
        }

        var trailers = new HeaderDictionary();
        if (_exchange.TryReadTrailers(out var head))
        {
            using (head)
            {
                var reader = head.Read();
                InProcessHeaders.Read(ref reader, trailers, settings);
            }
        }

        return trailers;
    }
}
