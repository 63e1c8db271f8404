using System.Buffers.Binary;
using System.Net;
using System.Net.WebSockets;
using Tunnel.Relay.Ingress;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Codec;

namespace Tunnel.Relay.Tests.Ingress;

/// <summary>Requests for which a link, or the relay, has no room.</summary>
public sealed class RoomTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_wait_while_the_log_is_full_and_go_when_it_is_not()
    {
        await using var relay = await TestRelay.StartAsync();
        var parking = relay.Get<ParkingLot>();
        var (link, _) = await relay.Agent().RegisterAsync("demo");
        using var leave = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 30).Select(_ => AskAsync()).ToArray();
        await TestRelay.UntilAsync(() => parking.Count > 0);

        var reading = AcknowledgeAsync(link, leave.Token);

        await TestRelay.UntilAsync(() => parking.Count == 0);
        await leave.CancelAsync();
        await Task.WhenAny(Task.WhenAll(asking)).InTime();
        await Task.WhenAny(reading).InTime();

        async Task AskAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/t/demo/");
            request.Headers.Add("X-Large", new string('x', 24 * 1024));
            using var response = await relay.Visitor.SendAsync(request, leave.Token);
        }
    }

    [Fact]
    public async Task Without_memory_for_its_response_a_request_is_answered_503()
    {
        await using var relay = await TestRelay.StartAsync(("MemoryLimit", "1048576"));
        var agent = relay.Agent();
        var release = new TaskCompletionSource();
        agent.Serve = async exchange =>
        {
            await release.Task;
            await HandAgent.AnswerAsync(exchange, "served");
        };
        await agent.OpenAsync();
        var asking = Enumerable.Range(0, 70).Select(_ => relay.GetAsync("/t/demo/")).ToList();

        var first = await Task.WhenAny(asking).InTime();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await first).StatusCode);
        Assert.NotNull((await first).Headers.RetryAfter);
        Assert.Contains("no_memory", await (await first).Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        release.SetResult();
        var answers = await Task.WhenAll(asking).InTime();
        Assert.InRange(answers.Count(answer => answer.IsSuccessStatusCode), 32, 69);
        using var again = await relay.GetAsync("/t/demo/").InTime();
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    /// <summary>Reads what comes and says how far it got.</summary>
    private static async Task AcknowledgeAsync(HandLink link, CancellationToken stop)
    {
        var message = new byte[256 * 1024];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await link.Socket.ReceiveAsync(message.AsMemory(length), stop);
                length += result.Count;
            }
            while (!result.EndOfMessage);

            if (message[0] < 0x80)
            {
                var offset = (BinaryPrimitives.ReadInt64BigEndian(message) & ((1L << 62) - 1)) + length - 8;
                var ack = new byte[] { 0x80, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
                await link.Socket.SendAsync(
                    ack.AsMemory(0, 2 + Varint.Write(ack.AsSpan(2), (ulong)offset)), WebSocketMessageType.Binary, endOfMessage: true, stop);
            }
        }
    }
}
