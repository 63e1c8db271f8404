using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>What in-process requests go by: the rules that the app gave Kestrel, whichever server a request comes through.</summary>
/// <param name="MaxRequestBodySize">Bytes, or <see langword="null"/> for none.</param>
/// <param name="Kestrel">The app's options for Kestrel; their limits apply where a request's features offer them.</param>
/// <param name="OnApplicationError">Hears of what the application threw and nothing handled.</param>
internal sealed record InProcessSettings(long? MaxRequestBodySize, KestrelServerOptions Kestrel, Action<Exception> OnApplicationError)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What Kestrel decodes a request header's value with.</summary>
    public Encoding RequestEncoding(string name) => Kestrel.RequestHeaderEncodingSelector(name) ?? StrictUtf8;

    /// <summary>What Kestrel encodes a response header's value with; null where it sends ASCII only.</summary>
    public Encoding? ResponseEncoding(string name) => Kestrel.ResponseHeaderEncodingSelector(name);
}
