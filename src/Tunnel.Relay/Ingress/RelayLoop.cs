using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Recognises requests that this relay has sent into a tunnel before (RFC 8586). An app that is a hub and has a tunnel on it meets every
/// visitor of that tunnel twice; the second time the request is the app's own to answer, and without the mark it would go round for ever.
/// </summary>
internal sealed class RelayLoop
{
    public const string HeaderName = "CDN-Loop";

    /// <summary>Fresh for each relay and start: nobody outside can know it before it has been sent to them.</summary>
    public string Mark { get; } = "tunnel-" + RandomNumberGenerator.GetHexString(16, lowercase: true);

    public bool HasPassed(IHeaderDictionary headers) =>
        headers.TryGetValue(HeaderName, out var marks) && marks.ToString().Contains(Mark, StringComparison.Ordinal);
}
