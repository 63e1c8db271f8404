using Tunnel.Agent;

namespace Tunnel.Cli.Sharing;

/// <summary>Takes what happens to a shared server, for a person or for a script. Called by several threads at once.</summary>
internal interface IShareReport
{
    /// <summary>Nothing answers at the local server's address yet.</summary>
    void Waiting(string where);

    void Connecting(Uri relay);

    /// <param name="publicUrls">At least one.</param>
    /// <param name="target">The local server.</param>
    /// <param name="isReconnect">Whether the tunnel had been connected before.</param>
    /// <param name="areNew">Whether the public URLs have not been told yet.</param>
    void Connected(IReadOnlyList<Uri> publicUrls, Uri target, bool isReconnect, bool areNew);

    /// <summary>The link was lost, or an attempt to connect failed; another one follows.</summary>
    void Reconnecting(TunnelFailure failure);

    /// <summary>The command was told to stop; open requests finish.</summary>
    void Stopping();

    void Completed(TunnelRequest request);

    /// <summary>A request has become a WebSocket or the like.</summary>
    void Upgraded(TunnelRequest request);

    /// <summary>Something does not work of which visitors get to know as well.</summary>
    void Warning(string sentence);
}
