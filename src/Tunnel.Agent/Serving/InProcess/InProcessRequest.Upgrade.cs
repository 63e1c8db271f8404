using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The upgrade of a request to a byte stream both ways (RFC 9110 section 7.8).</summary>
internal abstract partial class InProcessRequest : IHttpUpgradeFeature
{
    private UpgradeStream? _upgrade;

    bool IHttpUpgradeFeature.IsUpgradableRequest => _served.Line.IsUpgrade;

    async Task<Stream> IHttpUpgradeFeature.UpgradeAsync()
    {
        if (!_served.Line.IsUpgrade)
        {
            throw new InvalidOperationException("The request cannot be upgraded: the visitor did not ask for it.");
        }

        if (_upgrade is not null)
        {
            throw new InvalidOperationException("The request has been upgraded already.");
        }

        StatusCode = StatusCodes.Status101SwitchingProtocols;
        ((IHttpResponseFeature)this).Headers.Connection = "Upgrade";
        _upgrade = new UpgradeStream(_exchange);
        await StartResponseAsync(ended: false).ConfigureAwait(false);
        _served.Upgraded();
        return _upgrade;
    }
}
