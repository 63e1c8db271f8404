using System.Security.Cryptography;
using Tunnel.Integration.Tests.Fixtures;
using Tunnel.Testing;

namespace Tunnel.Integration.Tests;

/// <summary>The relay and an agent that was written from PROTOCOL.md alone understand each other. Skipped where there is no node.</summary>
public sealed class JavaScriptAgentTests
{
    private const int Mebibyte = 1024 * 1024;

    [Fact]
    public async Task Vectors_AllHold()
    {
        await using var vectors = NodeProgram.Start("vectors.mjs");

        Assert.True(await vectors.EndAsync() == 0, vectors.Output);
    }

    [Fact]
    public async Task Requests_AreServed_AndAnEchoSurvivesACut()
    {
        await using var hub = await TestHub.StartAsync();
        await using var proxy = CuttingProxy.Start(hub.Url.Port);
        await using var agent = NodeProgram.Start("agent.mjs", proxy.Url.ToString(), "demo");
        await agent.UntilSaidAsync("/t/demo/");

        var page = await RawConnection.RequestAsync(hub.Url, "GET /t/demo/?q=1 HTTP/1.1\r\nHost: any.test\r\n\r\n");
        var nothing = await RawConnection.RequestAsync(hub.Url, "GET /t/demo/nothing HTTP/1.1\r\nHost: any.test\r\n\r\n");
        Assert.Equal((200, "Hello from a tunnel agent in JavaScript.\n"), (page.Status, page.Text));
        Assert.Equal(404, nothing.Status);

        using var visitor = await RawConnection.OpenAsync(hub.Url);
        proxy.Down.CutAfterBytes = 2 * Mebibyte; // in the middle of what the agent is sent
        await visitor.SendAsync("POST /t/demo/echo HTTP/1.1\r\nHost: any.test\r\nTransfer-Encoding: chunked\r\n\r\n");
        var sent = RandomNumberGenerator.GetBytes(8 * Mebibyte);
        var sending = SendAsync(visitor, sent);
        var receiving = ReceiveAsync(visitor);
        await proxy.WhenCutAsync(1).Soon();
        proxy.Down.CutAfterBytes = null;
        await agent.UntilSaidAsync("resumed, epoch 2");
        await sending.Soon();
        var (head, received) = await receiving.Soon();

        Assert.StartsWith("HTTP/1.1 200 ", head, StringComparison.Ordinal);
        Assert.True(sent.AsSpan().SequenceEqual(received), agent.Output);
    }

    private static async Task SendAsync(RawConnection visitor, byte[] body)
    {
        foreach (var chunk in body.Chunk(50_021)) // no divisor of anything
        {
            await visitor.SendChunkAsync(chunk);
        }

        await visitor.SendAsync("0\r\n\r\n");
    }

    private static async Task<(string Head, byte[] Body)> ReceiveAsync(RawConnection visitor)
    {
        var head = await visitor.ReadHeadAsync();
        var body = new MemoryStream();
        while (await visitor.ReadChunkAsync() is { Length: > 0 } chunk)
        {
            body.Write(chunk);
        }

        return (head, body.ToArray());
    }
}
