using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Forwarding;

public sealed class StreamTests
{
    private const int Large = 32 * 1024 * 1024;

    [Fact]
    public async Task BodiesFlowBothWaysAtOnce()
    {
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (await connection.ReadUntilAsync("\n") is { Length: > 2 } size && size != "0\r\n")
            {
                await connection.WriteAsync(size + await connection.ReadUntilAsync("\r\n"));
            }

            await connection.WriteAsync("0\r\n\r\n");
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("POST", "/", hasBody: true);

        Assert.Equal(200, (await VisitorResponse.ReadHeadAsync(exchange)).Status);
        for (var i = 0; i < 5; i++)
        {
            await exchange.WriteAsync(Encoding.ASCII.GetBytes($"ping {i}"));
            Assert.Equal($"ping {i}", await VisitorResponse.ReadTextAsync(exchange, 6));
        }

        exchange.End();
        Assert.Empty(await VisitorResponse.ReadSomeAsync(exchange));
        Assert.Equal(TunnelRequestOutcome.Completed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task EarlyResponseOfATargetThatCloses_EndsTheExchangeAndStopsTheUpload()
    {
        using var server = RawTarget.Answering("HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("POST", "/", hasBody: true, headers: ("Content-Length", "100000000"));
        await exchange.WriteAsync(new byte[1000]);

        var response = await VisitorResponse.ReadAsync(exchange);

        Assert.Equal((413, "big"), (response.Status, response.Text));
        Assert.Equal(TunnelRequestOutcome.Completed, (await tunnel.CompletedAsync()).Outcome);
        var piece = new byte[64 * 1024];
        for (var sent = 0; await exchange.WriteAsync(piece).InTime(); sent += piece.Length)
        {
            Assert.InRange(sent, 0, 1024 * 1024);
        }
    }

    [Fact]
    public async Task UpgradeBecomesAStreamOfRawBytes_EachDirectionEndsAlone()
    {
        using var server = new RawTarget(async connection =>
        {
            var head = await connection.ReadHeadAsync();
            Assert.Contains("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", head, StringComparison.Ordinal);
            await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi");
            var buffer = new byte[1024];
            while (await connection.ReadAsync(buffer) is > 0 and var count)
            {
                await connection.WriteAsync(buffer.AsMemory(0, count));
            }

            await connection.WriteAsync("bye");
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("GET", "/ws", upgrade: true, headers: [("Connection", "Upgrade"), ("Upgrade", "websocket")]);

        var head = await VisitorResponse.ReadHeadAsync(exchange);
        Assert.Equal(101, head.Status);
        Assert.Equal([("Connection", "Upgrade"), ("Upgrade", "websocket")], head.Headers);
        Assert.Equal("hi", await VisitorResponse.ReadTextAsync(exchange, 2));
        await exchange.WriteAsync(new byte[] { 0, 255, 13, 10 });
        Assert.Equal("\0\u00FF\r\n", await VisitorResponse.ReadTextAsync(exchange, 4));
        exchange.End();
        Assert.Equal("bye", await VisitorResponse.ReadTextAsync(exchange, 3));
        Assert.Empty(await VisitorResponse.ReadSomeAsync(exchange));
        Assert.Equal(TunnelRequestOutcome.Completed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task RefusedUpgradeIsPassedOnWithItsBody()
    {
        using var server = RawTarget.Answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("GET", "/ws", upgrade: true, headers: [("Connection", "Upgrade"), ("Upgrade", "websocket")]);

        var response = await VisitorResponse.ReadAsync(exchange);

        Assert.Equal((403, "no"), (response.Status, response.Text));
    }

    [Fact]
    public async Task UpgradedStreamThatTheServerResetsIsReset()
    {
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
            await connection.ReadUntilAsync("!");
            connection.Reset();
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("GET", "/", upgrade: true, headers: [("Connection", "Upgrade"), ("Upgrade", "x")]);
        await VisitorResponse.ReadHeadAsync(exchange);

        await exchange.WriteAsync("!"u8.ToArray());

        await Assert.ThrowsAsync<ExchangeException>(() => VisitorResponse.ReadSomeAsync(exchange));
        Assert.Equal(TunnelRequestOutcome.Failed, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task ServerThatIsDownIsToldApart()
    {
        string url;
        using (var server = RawTarget.Answering(string.Empty))
        {
            url = server.Url;
        }

        await using var tunnel = new TunnelFixture(url);

        var exception = await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync("/"));

        Assert.Equal(ErrorCode.TargetUnreachable, exception.Code);
        Assert.Equal(TunnelRequestOutcome.TargetUnreachable, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task ServerWithACertificateThatNobodyTrustsCountsAsUnreachable()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var server = new RawTarget(connection => connection.AcceptTlsAsync(certificate));
        await using var tunnel = new TunnelFixture($"https://{server.Authority}", certificate: "system");

        var exception = await Assert.ThrowsAsync<ExchangeException>(() => tunnel.GetAsync("/"));

        Assert.Equal(ErrorCode.TargetUnreachable, exception.Code);
    }

    [Fact]
    public async Task KeptConnectionThatTheServerClosesOnTheNextRequestIsReplaced()
    {
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            await connection.ReadHeadAsync();
        });
        await using var tunnel = new TunnelFixture(server.Url);
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal("ok", (await tunnel.GetAsync("/")).Text);
            await tunnel.CompletedAsync();
            Assert.Equal(i, server.Connections);
        }
    }

    /// <summary>A POST that was sent might have been carried out, so it must not meet a connection that is about to close.</summary>
    [Fact]
    public async Task TargetThatClosesWhatItSaidItWouldKeep_GetsPostsOnFreshConnectionsOnly()
    {
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            if (await connection.ReadHeadAsync() is ['P', ..])
            {
                await connection.WriteAsync("HTTP/1.1 500 A kept connection\r\nContent-Length: 0\r\n\r\n");
            }
        });
        await using var tunnel = new TunnelFixture(server.Url, time: new FakeTime());
        Assert.Equal("ok", (await tunnel.GetAsync("/")).Text);
        await tunnel.CompletedAsync();
        Assert.Equal("ok", (await tunnel.GetAsync("/")).Text); // meets the end of the first connection
        await tunnel.CompletedAsync();

        for (var i = 3; i <= 5; i++)
        {
            Assert.Equal("ok", (await tunnel.GetAsync("/", method: "POST")).Text);
            await tunnel.CompletedAsync();
            Assert.Equal(i, server.Connections);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")]
    public async Task VisitorWhoLeavesClosesTheServersConnection(string answer)
    {
        var closed = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(answer);
            arrived.SetResult();
            await connection.ReadHeadAsync();
            closed.SetResult();
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("GET", "/", upgrade: true, headers: [("Connection", "Upgrade"), ("Upgrade", "x")]);
        await arrived.Task.InTime();

        exchange.Abort(ErrorCode.Cancelled);

        await closed.Task.InTime();
        Assert.Equal(TunnelRequestOutcome.Aborted, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task VisitorWhoLeavesInMidUploadClosesTheServersConnection()
    {
        var arrived = new TaskCompletionSource();
        var closed = new TaskCompletionSource<string>();
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadUntilAsync("part");
            arrived.SetResult();
            closed.SetResult(await connection.ReadUntilAsync("0\r\n\r\n"));
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("POST", "/", hasBody: true);
        await exchange.WriteAsync("part"u8.ToArray());
        await arrived.Task.InTime();

        exchange.Abort(ErrorCode.Cancelled);

        Assert.DoesNotContain("0\r\n\r\n", await closed.Task.InTime(), StringComparison.Ordinal);
        Assert.Equal(TunnelRequestOutcome.Aborted, (await tunnel.CompletedAsync()).Outcome);
    }

    [Fact]
    public async Task RequestThatIsBrokenOffAlone_IsCutAtTheTarget_WhichMayStillAnswer()
    {
        using var target = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadUntilAsync("0\r\n\r\n"); // up to the end of what comes
            await connection.WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\ncut");
        });
        await using var tunnel = new TunnelFixture(target.Url);

        using var exchange = tunnel.Open("POST", "/", hasBody: true);
        await exchange.WriteAsync("half"u8.ToArray());
        exchange.Reset(ErrorCode.Cancelled);

        Assert.Equal("cut", (await VisitorResponse.ReadAsync(exchange)).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LargeDownloadArrivesWhole(bool chunked)
    {
        var content = RandomNumberGenerator.GetBytes(Large);
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\n{(chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Large}")}\r\n\r\n");
            for (var at = 0; at < Large;)
            {
                var length = Math.Min(100_003, Large - at);
                await connection.WriteAsync(chunked ? $"{length:X}\r\n" : string.Empty);
                await connection.WriteAsync(content.AsMemory(at, length));
                await connection.WriteAsync(chunked ? "\r\n" : string.Empty);
                at += length;
            }

            await connection.WriteAsync(chunked ? "0\r\n\r\n" : string.Empty);
            await connection.ReadHeadAsync();
        });
        await using var tunnel = new TunnelFixture(server.Url);

        var response = await tunnel.GetAsync("/");

        Assert.Equal(SHA256.HashData(content), SHA256.HashData(response.Body));
        Assert.Equal(Large, (await tunnel.CompletedAsync()).ResponseBytes);
    }

    [Fact]
    public async Task LargeUploadArrivesWhole()
    {
        var content = RandomNumberGenerator.GetBytes(Large);
        using var server = new RawTarget(async connection =>
        {
            await connection.ReadHeadAsync();
            var body = new byte[Large];
            for (int at = 0, count; at < Large && (count = await connection.ReadAsync(body.AsMemory(at))) > 0;)
            {
                at += count;
            }

            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{Convert.ToHexString(SHA256.HashData(body))}");
        });
        await using var tunnel = new TunnelFixture(server.Url);
        using var exchange = tunnel.Open("PUT", "/", hasBody: true, headers: ("Content-Length", $"{Large}"));

        for (var at = 0; at < Large; at += 65_536)
        {
            Assert.True(await exchange.WriteAsync(content.AsMemory(at, 65_536), at + 65_536 == Large).InTime());
        }

        Assert.Equal(Convert.ToHexString(SHA256.HashData(content)), (await VisitorResponse.ReadAsync(exchange)).Text);
    }
}
