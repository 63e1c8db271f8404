using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>With agents that compress what goes to the relay, which is counted.</summary>
public sealed class CompressedRig : FidelityRig
{
    private long _bytes;

    /// <summary>What both agents have sent to the relay.</summary>
    internal long BytesUp => Interlocked.Read(ref _bytes);

    private protected override void ConfigureDevice(DeviceSetup device) => device.Agent = Compress;

    private protected override void ConfigureForwarder(DeviceSetup forwarder) => forwarder.Agent += Compress;

    private void Compress(Agent.TunnelAgentOptions agent)
    {
        agent.Compress = true;
        agent.Connect = new FaultyPath { Script = Count }.ConnectAsync;
    }

    private LinkFault Count(LinkMessage message)
    {
        Interlocked.Add(ref _bytes, message.IsUp ? message.Bytes.Length : 0);
        return LinkFault.None;
    }
}
