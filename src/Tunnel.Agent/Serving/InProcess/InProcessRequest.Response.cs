using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Tunnel.Agent.Serving.Compression;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The response's features: its head, its framing, and the end of it.</summary>
internal abstract partial class InProcessRequest :
    IHttpResponseFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature, IHttpResetFeature
{
    private readonly HeaderDictionary _responseHeaders = [];
    private readonly Stack<(Func<object, Task> Callback, object State)> _onStarting = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _onCompleted = new();
    private ResponseBodyWriter? _responseWriter;
    private ResponseBodyStream? _responseStream;
    private HeaderDictionary? _responseTrailers;
    private long? _contentLength;
    private long _responseBytes;
    private bool _completed;
    private int _statusCode;
    private string? _reasonPhrase;

    public int StatusCode
    {
        get => _statusCode;
        set
        {
            ThrowIfStarted(nameof(StatusCode));
            _statusCode = value;
        }
    }

    public string? ReasonPhrase
    {
        get => _reasonPhrase;
        set
        {
            ThrowIfStarted(nameof(ReasonPhrase));
            _reasonPhrase = value;
        }
    }

    IHeaderDictionary IHttpResponseFeature.Headers { get; set; } = null!;

    // Middleware of the time before IHttpResponseBodyFeature replaces the body here.
    Stream IHttpResponseFeature.Body
    {
        get => ((IHttpResponseBodyFeature)this).Stream;
        set => Replace(typeof(IHttpResponseBodyFeature), new StreamResponseBodyFeature(value, this));
    }

    public bool HasStarted { get; private set; }

    Stream IHttpResponseBodyFeature.Stream => _responseStream ??= new ResponseBodyStream(ResponseWriter, this);

    PipeWriter IHttpResponseBodyFeature.Writer => ResponseWriter;

    IHeaderDictionary IHttpResponseTrailersFeature.Trailers
    {
        get => _responseTrailers ??= [];
        set => _responseTrailers = value as HeaderDictionary ?? Copy(value);
    }

    private ResponseBodyWriter ResponseWriter => _responseWriter ??= new ResponseBodyWriter(this);

    /// <summary>RFC 9110 section 6.4.1.</summary>
    private bool BodyIsForbidden => _statusCode is (>= 100 and < 200) or 204 or 205 or 304;

    private bool IsHead => HttpMethods.IsHead(_served.Line.Method);

    public void OnStarting(Func<object, Task> callback, object state)
    {
        ThrowIfStarted(nameof(OnStarting));
        _onStarting.Push((callback, state));
    }

    public void OnCompleted(Func<object, Task> callback, object state) => _onCompleted.Push((callback, state));

    void IHttpResponseBodyFeature.DisableBuffering()
    {
        // Nothing is buffered beyond a flush.
    }

    void IHttpResetFeature.Reset(int errorCode)
    {
        _exchange.Reset(ErrorCode.Failed);
        OnAborted(_exchange, ErrorCode.Failed);
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(((IHttpResponseBodyFeature)this).Stream, path, offset, count, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken = default) =>
        HasStarted ? Task.CompletedTask : StartResponseAsync(ended: false);

    public async Task CompleteAsync()
    {
        await ResponseWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        await CompleteResponseAsync().ConfigureAwait(false);
    }

    /// <summary>Sends a piece of body, and before the first one the head. Returns whether the visitor still reads.</summary>
    internal async ValueTask<bool> WriteBodyAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!HasStarted)
        {
            await StartResponseAsync(ended: false, firstBytes: data.Length).ConfigureAwait(false);
        }

        if (data.IsEmpty)
        {
            _exchange.Flush();
            return !IsAborted;
        }

        if (_completed)
        {
            throw new InvalidOperationException("Writing is not allowed after the response was completed.");
        }

        if (IsHead)
        {
            return true;
        }

        if (BodyIsForbidden)
        {
            // By its status the response is complete as it is; what the application did wrong takes nothing from the visitor.
            _completed = true;
            _exchange.End();
            throw new InvalidOperationException(
                $"Writing to the response body is invalid for responses with status code {_statusCode}.");
        }

        var total = _responseBytes + data.Length;
        ThrowIfLonger(total, _contentLength);
        _responseBytes = total;

        // The end rides on the last piece when the length tells which one it is: one frame, and one wake-up, less.
        var last = total == _contentLength && _responseTrailers is null;
        var write = _served.Compression is { } compression ? WritePackedAsync(compression, data, last) : _exchange.WriteAsync(data, last);
        if (write.IsCompleted || !cancellationToken.CanBeCanceled)
        {
            return await write.ConfigureAwait(false);
        }

        // A write that was given up leaves the response incomplete, as on Kestrel.
        using var cancelled = cancellationToken.UnsafeRegister(static state => ((Exchange)state!).Abort(ErrorCode.Cancelled), _exchange);
        var reading = await write.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return reading;
    }

    /// <summary>
    /// Each write comes with a flush of the application's, so the visitor gets to read it at once. A large one goes in pieces: nobody keeps
    /// all of it once more.
    /// </summary>
    private async ValueTask<bool> WritePackedAsync(BodyCompression compression, ReadOnlyMemory<byte> data, bool last)
    {
        var exchange = _exchange;
        for (; data.Length > BodyCompression.LargestPiece; data = data[BodyCompression.LargestPiece..])
        {
            if (!await exchange.WriteAsync(compression.Add(data.Span[..BodyCompression.LargestPiece], flush: false)).ConfigureAwait(false))
            {
                return false;
            }
        }

        return await exchange.WriteAsync(last ? compression.Finish(data.Span) : compression.Add(data.Span, flush: true), last).ConfigureAwait(false);
    }

    private void BeginResponse()
    {
        ((IHttpResponseFeature)this).Headers = _responseHeaders;
        _responseHeaders.IsReadOnly = false;
        _statusCode = StatusCodes.Status200OK;
        _reasonPhrase = null;
        _contentLength = null;
        _responseBytes = 0;
        _completed = false;
        HasStarted = false;
    }

    private void EndResponse()
    {
        _responseHeaders.IsReadOnly = false;
        _responseHeaders.Clear();
        _responseTrailers = null;
        _responseStream = null;
        _responseWriter?.Release();
        _responseWriter = null;
        _onStarting.Clear();
        _onCompleted.Clear();
    }

    private async Task StartResponseAsync(bool ended, int firstBytes = 0)
    {
        while (_onStarting.TryPop(out var starting))
        {
            await starting.Callback(starting.State).ConfigureAwait(false);
        }

        if (HasStarted)
        {
            return;
        }

        var headers = ((IHttpResponseFeature)this).Headers;
        ended &= _responseTrailers is null or { Count: 0 };
        if (ended && !IsHead && !BodyIsForbidden)
        {
            headers.ContentLength ??= 0;
            ThrowIfShorter(0, headers.ContentLength);
        }

        if (!BodyIsForbidden)
        {
            // Before the head leaves, so that the visitor gets an error instead of a broken response, to HEAD as to GET.
            ThrowIfLonger(firstBytes, headers.ContentLength);
        }

        _contentLength = headers.ContentLength;
        WriteHead(headers, ended && (_contentLength is 0 or null || IsHead || BodyIsForbidden));
        _responseHeaders.IsReadOnly = true;
        HasStarted = true;
    }

    private void WriteHead(IHeaderDictionary headers, bool ended)
    {
        using var head = HeadWriter.Rent();
        new ResponseLine(_statusCode, _reasonPhrase ?? string.Empty).Write(head);
        InProcessHeaders.Write(head, headers, settings);
        if (!headers.ContainsKey("Server"))
        {
            WriteServer(head, settings);
        }

        if (!ended && _upgrade is null && !IsHead && !BodyIsForbidden
            && _served.TryCompress(headers.ContentType, headers.ContentEncoding, headers.ContentLength))
        {
            head.Header("Transfer-Encoding", Capabilities.TransferCoding);
        }

        head.EndHeaders();
        _exchange.SendHead(head.Written, ended ? FrameFlags.End : FrameFlags.None, flush: ended || _statusCode == 101);
        _completed = ended;
    }

    private async Task CompleteResponseAsync()
    {
        if (_completed)
        {
            return;
        }

        await ResponseWriter.FlushBufferedAsync().ConfigureAwait(false);
        if (!HasStarted)
        {
            await StartResponseAsync(ended: true).ConfigureAwait(false);
        }

        if (_completed)
        {
            return;
        }

        _completed = true;
        if (_upgrade is null && !IsHead && !BodyIsForbidden && _responseBytes < _contentLength)
        {
            _served.Outcome = TunnelRequestOutcome.Failed;
            _exchange.Reset(ErrorCode.Failed);
            ThrowIfShorter(_responseBytes, _contentLength);
        }

        if (_served.Compression is { } compression && compression.Finish([]) is { Length: > 0 } rest)
        {
            await _exchange.WriteAsync(rest).ConfigureAwait(false);
        }

        if (_responseTrailers is { Count: > 0 } trailers)
        {
            using var head = HeadWriter.Rent();
            InProcessHeaders.Write(head, trailers, settings);
            head.EndHeaders();
            _exchange.EndWithTrailers(head.Written);
        }
        else
        {
            _exchange.End();
        }
    }

    private void SetErrorResponse(int statusCode)
    {
        _responseWriter?.Discard();
        _responseTrailers = null;
        _onStarting.Clear();
        _responseHeaders.Clear();
        ((IHttpResponseFeature)this).Headers = _responseHeaders;
        _responseHeaders.ContentLength = 0;
        _reasonPhrase = null;
        _statusCode = statusCode;
    }

    /// <summary>Runs what the application registered for the end of the request, last first; one that throws does not keep the others.</summary>
    public async Task FireOnCompletedAsync()
    {
        while (_onCompleted.TryPop(out var completed))
        {
            try
            {
                await completed.Callback(completed.State).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                settings.OnApplicationError(exception);
            }
        }
    }

    /// <summary>What Kestrel adds to every response, unless the app does not want it.</summary>
    private static void WriteServer(HeadWriter head, InProcessSettings settings)
    {
        if (settings.Kestrel.AddServerHeader)
        {
            head.Header("Server", "Kestrel");
        }
    }

    private static HeaderDictionary Copy(IHeaderDictionary headers)
    {
        var copy = new HeaderDictionary(headers.Count);
        foreach (var (name, values) in headers)
        {
            copy[name] = values;
        }

        return copy;
    }

    private static void ThrowIfLonger(long written, long? contentLength)
    {
        if (written > contentLength)
        {
            throw new InvalidOperationException(
                $"Response Content-Length mismatch: too many bytes written ({written} of {contentLength}).");
        }
    }

    private static void ThrowIfShorter(long written, long? contentLength)
    {
        if (written < contentLength)
        {
            throw new InvalidOperationException(
                $"Response Content-Length mismatch: too few bytes written ({written} of {contentLength}).");
        }
    }

    private void ThrowIfStarted(string what)
    {
        if (HasStarted)
        {
            throw new InvalidOperationException($"{what} cannot be set because the response has already started.");
        }
    }
}
