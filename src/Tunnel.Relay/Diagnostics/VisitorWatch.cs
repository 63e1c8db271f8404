using System.Diagnostics;
using Tunnel.Relay.Ingress;

namespace Tunnel.Relay.Diagnostics;

/// <summary>An exchange that is watched; the default value is one that is not.</summary>
internal readonly struct VisitorWatch(VisitorWatcher watcher, VisitorRequest request, string slug, Activity? activity, long started) : IDisposable
{
    public void Dispose() => watcher?.End(request, slug, activity, started);
}
