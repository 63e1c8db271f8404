using System.Text;
using Microsoft.AspNetCore.Hosting;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>With a hub whose server is adapted to what visitors send.</summary>
public class AdaptedRig : FidelityRig
{
    private protected override void ConfigureHub(HubSetup hub) => hub.Settings["Tunnel:Relay:AdaptServer"] = "true";
}

/// <summary>With an app, too, that reads and writes header values as Latin-1.</summary>
public sealed class Latin1Rig : AdaptedRig
{
    private protected override void ConfigureDevice(DeviceSetup device) => device.Build = builder => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
    });
}
