using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Grpc;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>gRPC calls by visitors on HTTP/2, to an app's pipeline and to each kind of target, are as they are directly.</summary>
public sealed class GrpcTests(Http2Rig rig) : IClassFixture<Http2Rig>
{
    public static TheoryData<AppTarget, Listener> Ways => new(
        from target in Enum.GetValues<AppTarget>()
        where target < AppTarget.ForwardedByPath // HTTP/1.1 only
        from listener in new[] { Listener.Http2, Listener.Http2Tls }
        select (target, listener));

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Calls_OfEveryType_GiveTheSame(AppTarget target, Listener listener)
    {
        using var client = Http2Rig.CreateClient(listener);
        var service = rig.Serve(GrpcService.ServeAsync);
        var way = rig[target, listener];
        foreach (var (call, messages, timeout) in new (string, string[], string?)[]
        {
            ("Unary", ["hello"], "20000m"),
            ("Unary", [new string('x', 1024 * 1024)], null),
            ("Unary", [string.Empty], null),
            ("ServerStream", ["0"], null),
            ("ServerStream", ["200"], null),
            ("ClientStream", [], null),
            ("ClientStream", [.. Enumerable.Range(0, 200).Select(i => new string('y', i))], null),
            ("LeaveEarly", ["enough"], null),
            ("NoSuchCall", ["what"], null),
            ("WaitForDeadline", ["hurry"], "30m"),
        })
        {
            var direct = await OutcomeAsync(way.Direct!);
            Assert.Equal($"{call}\n{direct}", $"{call}\n{await OutcomeAsync(way)}");
            Assert.Contains("grpc-status: ", direct, StringComparison.Ordinal);

            async Task<string> OutcomeAsync(Way by)
            {
                using var made = new GrpcCall(client, by, call, service, timeout);
                foreach (var message in messages)
                {
                    await made.SendAsync(message);
                }

                made.Complete();
                return await made.OutcomeAsync();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task StreamsBothWays_AreInterleavedMessageByMessage(AppTarget target, Listener listener)
    {
        using var client = Http2Rig.CreateClient(listener);
        using var call = new GrpcCall(client, rig[target, listener], "Both", rig.Serve(GrpcService.ServeAsync));

        // The metadata comes although nothing was sent, and each answer before the next message is sent.
        Assert.Equal(["from the visitor"], (await call.Response).Headers.GetValues("x-initial"));
        for (var i = 0; i < 20; i++)
        {
            await call.SendAsync($"{i}");
            Assert.Equal($"re {i}", await call.ReadAsync());
        }

        call.Complete();
        Assert.Null(await call.ReadAsync());
        Assert.Equal(["0"], (await call.Response).TrailingHeaders.GetValues("grpc-status"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task ServiceThatEndsFirst_IsNotWaitedFor(AppTarget target, Listener listener)
    {
        using var client = Http2Rig.CreateClient(listener);
        using var call = new GrpcCall(client, rig[target, listener], "LeaveEarly", rig.Serve(GrpcService.ServeAsync));
        await call.SendAsync("one");

        // The client goes on holding its side open.
        Assert.Equal("no more after one", await call.ReadAsync());
        Assert.Null(await call.ReadAsync());
        Assert.Equal(["9"], (await call.Response).TrailingHeaders.GetValues("grpc-status"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task ClientThatCancels_IsSeenByTheService(AppTarget target, Listener listener)
    {
        var entered = new Gate();
        var aborted = new Gate();
        var service = rig.Serve(async context =>
        {
            using var registration = context.RequestAborted.Register(aborted.Open);
            await context.Response.BodyWriter.FlushAsync();
            entered.Open();
            await aborted.Opened.Soon();
        });
        using var client = Http2Rig.CreateClient(listener);
        using var call = new GrpcCall(client, rig[target, listener], "Any", service);
        await call.Response;
        await entered.Opened.Soon();

        call.Cancel();

        await aborted.Opened.Soon();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task ServiceThatAborts_NeverLooksComplete(AppTarget target, Listener listener)
    {
        var service = rig.Serve(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.BodyWriter.WriteMessageAsync("half");
            context.Abort();
        });
        using var client = Http2Rig.CreateClient(listener);
        using var call = new GrpcCall(client, rig[target, listener], "Any", service);

        // Directly, the message may get lost with the connection's end as well.
        var outcome = await call.OutcomeAsync();
        Assert.Contains("broken: ", outcome, StringComparison.Ordinal);
        Assert.DoesNotContain("grpc-status", outcome, StringComparison.Ordinal);
    }
}
