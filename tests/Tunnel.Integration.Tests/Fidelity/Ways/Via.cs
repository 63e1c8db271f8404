namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>The ways through a tunnel; every case of the suite runs by each.</summary>
public enum Via
{
    /// <summary><c>/t/demo/…</c>, served from the app's own pipeline.</summary>
    InProcessByPath,

    /// <summary><c>demo.tunnel.test</c>, served from the app's own pipeline.</summary>
    InProcessBySubdomain,

    /// <summary><c>/t/local/…</c>, forwarded to the app's Kestrel.</summary>
    ForwardedByPath,

    /// <summary><c>local.tunnel.test</c>, forwarded to the app's Kestrel.</summary>
    ForwardedBySubdomain,
}
