using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>What is silent stays open.</summary>
public sealed class IdleTests(TimedRig rig) : IClassFixture<TimedRig>
{
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    /// <summary>Far below the deadlines of the links, whose heartbeats take real time.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task EventStreams_OfEveryWay_AreSilentForFiveMinutesAndGoOn()
    {
        var silent = new Gate();
        var served = rig.Serve(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: first\n\n");
            await silent.Opened.WaitAsync(TimeSpan.FromMinutes(1), context.RequestAborted);
            await context.Response.WriteAsync("data: second\n\n");
        });
        var visitors = await Task.WhenAll(Enum.GetValues<Via>().Select(async via =>
        {
            var visitor = await RawConnection.OpenAsync(rig[via].Url);
            await visitor.SendAsync(rig[via].Head("GET", "/events", served));
            await visitor.ReadHeadAsync().Soon();
            Assert.Equal("data: first\n\n"u8.ToArray(), await visitor.ReadChunkAsync().Soon());
            return visitor;
        }));

        var passed = new Gate();
        await using var timer = rig.Time.CreateTimer(_ => passed.Open(), null, Silence, Timeout.InfiniteTimeSpan);
        await rig.Time.AdvanceUntilAsync(passed.Opened, Step, Silence * 2);
        silent.Open();

        foreach (var visitor in visitors)
        {
            Assert.Equal("data: second\n\n"u8.ToArray(), await visitor.ReadChunkAsync().Soon());
            Assert.Empty(await visitor.ReadChunkAsync().Soon());
            visitor.Dispose();
        }
    }
}

/// <summary>With a hub and agents whose time passes when a test says so.</summary>
public sealed class TimedRig : FidelityRig
{
    internal FakeTime Time { get; } = new();

    /// <summary>What the agents and the hub wait for when they stop is a matter of time, too.</summary>
    public override async ValueTask DisposeAsync()
    {
        var stopping = base.DisposeAsync().AsTask();
        await Time.AdvanceUntilAsync(stopping, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        GC.SuppressFinalize(this);
    }

    private protected override void ConfigureHub(HubSetup hub) => hub.Build = builder => builder.Services.AddSingleton<TimeProvider>(Time);

    private protected override void ConfigureDevice(DeviceSetup device) =>
        device.BuildFirst = builder => builder.Services.AddSingleton<TimeProvider>(Time);

    private protected override void ConfigureForwarder(DeviceSetup forwarder) => ConfigureDevice(forwarder);
}
