using Microsoft.Extensions.DependencyInjection;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Links that are cut again and again while visitors come and go.</summary>
public sealed class ReconnectTrafficTests
{
    private static readonly string[] Kinds = ["download", "upload", "echo", "expect", "events", "head", "socket", "upgrade"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the relay does not hear of a cut before the agent resumes
    public async Task LinkIsCutAHundredTimes_UnderTraffic_NoRequestFails(bool onlyHere)
    {
        var path = new FaultyPath();
        await using var pair = await TunnelPair.StartAsync(TransferApp.Map, device: device =>
        {
            device.Agent = agent => agent.Connect = path.ConnectAsync;
            device.Build = builder => builder.Services.AddSingleton<TimeProvider>(new HurriedTime());
        });
        if (onlyHere)
        {
            path.Script = seen =>
            {
                if (seen.Is("resume"))
                {
                    _ = path.HealAsync();
                }

                return LinkFault.None;
            };
        }

        var seed = 0;
        await using var traffic = new Traffic(Kinds.Length, number => Transfers.RunAsync(Kinds[number], pair, Interlocked.Increment(ref seed)));
        for (var cuts = 0; cuts < 100; cuts++)
        {
            await traffic.WhenMoreAsync(1).Soon();
            var dials = path.Dials;
            var back = pair.Agent.UntilAsync(agent => path.Dials > dials && agent.State == TunnelAgentState.Connected);
            if (onlyHere)
            {
                path.CutHere();
            }
            else
            {
                path.Cut();
            }

            await back;
        }

        Assert.Equal(101, path.Dials);
    }
}
