using Microsoft.Extensions.DependencyInjection;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Links that are cut in the middle of something, over real sockets: whatever it is, it goes on without a wrong byte.</summary>
public sealed class ReconnectTransferTests
{
    private const int Messages = 10; // of a link, at each of which it is cut
    private const int Links = 3; // that are cut, one after the other

    /// <summary>
    /// Cut at the n-th message of a direction: before, inside, or after it. The first messages of a link say where both sides are, the
    /// next ones are heads and then bodies, so this meets the middle of each.
    /// </summary>
    [Theory]
    [InlineData("download")]
    [InlineData("upload")]
    [InlineData("echo")]
    [InlineData("expect")]
    [InlineData("events")]
    [InlineData("head")]
    [InlineData("socket")]
    [InlineData("upgrade")]
    public async Task LinkIsCutAtAMessage_TransferGoesOn(string kind)
    {
        var path = new FaultyPath();
        await using var pair = await StartAsync(path);
        await AtEachMessageAsync(path, seed => Transfers.RunAsync(kind, pair, seed));
    }

    [Fact]
    public async Task LinkIsCutAtAMessage_TrailersGoOn()
    {
        await using var network = await VirtualNetwork.StartAsync(1, setup =>
        {
            setup.AgentTime = new HurriedTime();
            setup.Routes = (app, _) => TransferApp.Map(app);
        });
        var agent = network.Agent(0);
        await AtEachMessageAsync(agent.Path, seed => Transfers.TrailersAsync(agent, seed));
    }

    /// <summary>The agent resumes while the relay still reads what came on the link before, or learns of its end only then.</summary>
    [Theory]
    [InlineData("download")]
    [InlineData("upload")]
    [InlineData("echo")]
    [InlineData("socket")]
    [InlineData("upgrade")]
    public async Task OldLinkStillDelivers_WhenTheNextIsThere_NothingIsDoubled(string kind)
    {
        var path = new FaultyPath();
        await using var pair = await StartAsync(path);
        for (var message = 2; message <= 12; message++)
        {
            var number = 0;
            var at = message;
            path.Script = seen =>
            {
                if (seen.Is("resume"))
                {
                    _ = path.HealAsync(); // what was held arrives now, beside the resume
                }

                return seen is { IsUp: true, Number: > 0 } && Interlocked.Increment(ref number) == at ? LinkFault.Strand : LinkFault.None;
            };
            await Transfers.RunAsync(kind, pair, message);
        }

        Assert.True(path.Dials > 5, $"{path.Dials} dials: hardly any link was cut.");
    }

    /// <summary>On TCP a cut can come after any byte.</summary>
    [Theory]
    [InlineData("download")]
    [InlineData("upload")]
    [InlineData("echo")]
    [InlineData("socket")]
    public async Task ConnectionIsCutAfterAnyByte_TransferGoesOn(string kind)
    {
        var hub = await TestHub.StartAsync();
        await using var proxy = CuttingProxy.Start(hub.Url.Port);
        await using var pair = TunnelPair.Of(hub, await TestDevice.StartAsync(proxy.Url, Device));
        await pair.Agent.WaitUntilConnectedAsync(TestContext.Current.CancellationToken).Soon();
        for (var seed = 1; seed <= 20; seed++)
        {
            // Above what the registration and a message of 64 KiB take, so that each link gets a little further.
            proxy.Up.CutAfterBytes = seed % 2 == 0 ? 80_000 + (seed * 1237) : null;
            proxy.Down.CutAfterBytes = seed % 2 == 1 ? 80_000 + (seed * 1237) : null;
            await Transfers.RunAsync(kind, pair, seed);
        }

        Assert.True(proxy.Cuts > 5, $"{proxy.Cuts} cuts.");
    }

    private static async Task AtEachMessageAsync(FaultyPath path, Func<int, Task> transferAsync)
    {
        var seed = 0;
        await transferAsync(seed);
        foreach (var fault in new[] { LinkFault.CutBefore, LinkFault.CutInside, LinkFault.CutAfter })
        {
            foreach (var isUp in new[] { true, false })
            {
                for (var message = 1; message <= Messages; message++)
                {
                    path.Script = CutAt(message, isUp, fault);
                    try
                    {
                        await transferAsync(++seed);
                    }
                    catch (Exception exception)
                    {
                        throw new InvalidOperationException($"{fault}, message {message} {(isUp ? "up" : "down")}", exception);
                    }
                }
            }
        }

        Assert.True(path.Dials > 3 * Messages, $"{path.Dials} dials: hardly any link was cut.");
    }

    /// <summary>Counts from here on the open link, and from their beginning on the next ones.</summary>
    private static Func<LinkMessage, LinkFault> CutAt(int message, bool isUp, LinkFault fault)
    {
        var number = 0;
        var left = Links;
        return seen =>
        {
            if (seen.IsUp != isUp || seen.Number == 0)
            {
                return LinkFault.None;
            }

            if (seen.Number == 1)
            {
                Volatile.Write(ref number, 0);
            }

            return Interlocked.Increment(ref number) == message && Interlocked.Decrement(ref left) >= 0 ? fault : LinkFault.None;
        };
    }

    private static Task<TunnelPair> StartAsync(FaultyPath path) => TunnelPair.StartAsync(TransferApp.Map, device: device =>
    {
        Device(device);
        device.Agent = agent => agent.Connect = path.ConnectAsync;
    });

    private static void Device(DeviceSetup device)
    {
        device.Pipeline = TransferApp.Map;
        device.Build = builder => builder.Services.AddSingleton<TimeProvider>(new HurriedTime());
    }
}
