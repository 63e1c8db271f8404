using System.Net;
using System.Net.Sockets;

namespace Tunnel.Wire.Tests.Testing;

public sealed class CuttingProxyTests : IAsyncDisposable
{
    private readonly TcpListener _target = new(IPAddress.Loopback, 0);
    private readonly FakeTime _time = new();
    private readonly List<IDisposable> _sockets = [];
    private readonly CuttingProxy _proxy;

    public CuttingProxyTests()
    {
        _target.Start();
        _proxy = CuttingProxy.Start(((IPEndPoint)_target.LocalEndpoint).Port, _time);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pass_MegabytesBothWaysAndAHalfClose_ArriveAsTheyWent()
    {
        var (agent, relay) = await ConnectAsync();
        foreach (var (from, to) in new[] { (agent, relay), (relay, agent) })
        {
            var sent = new byte[3_000_000];
            new Random(1).NextBytes(sent);
            var sending = SendAsync(from, sent);
            Assert.Equal(sent, await ReadAsync(to, sent.Length));
            await sending.InTime();
            from.Shutdown(SocketShutdown.Send);
            Assert.Empty(await ReadAsync(to, 1)); // its end comes, and the other direction goes on
        }

        Assert.Equal(0, _proxy.Cuts);
    }

    [Fact]
    public async Task CutAfterBytes_InMidTransfer_LetsExactlySoManyThroughAndResetsBothEnds()
    {
        _proxy.Down.CutAfterBytes = 100_001;
        var (agent, relay) = await ConnectAsync();
        await SendAsync(relay, new byte[200_000]).InTime();
        Assert.Equal(100_001, (await ReadAsync(agent, 200_000)).Length);
        await _proxy.WhenCutAsync(1).InTime();
        await Assert.ThrowsAsync<SocketException>(() => relay.ReceiveAsync(new byte[1], Stop).InTime());
    }

    [Fact]
    public async Task Delay_FarMoreThanABuffer_ArrivesTogetherWhenTheDelayIsOver()
    {
        _proxy.Up.Delay = TimeSpan.FromMilliseconds(50);
        var (agent, relay) = await ConnectAsync();
        const int size = 20_000_000; // at 50 ms, 400 MB/s
        var sending = SendAsync(agent, new byte[size]);
        await sending.InTime();
        await _time.WhenArmedAsync(TimeSpan.FromMilliseconds(50)).InTime();
        Assert.Equal(0, relay.Available);
        await SendAsync(relay, new byte[1]);
        Assert.Single(await ReadAsync(agent, 1)); // the other direction has its own delay: none

        var reading = ReadAsync(relay, size);
        while (!reading.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50)); // what was still in the kernel's buffers entered later
            await Task.WhenAny(reading, _time.WhenArmedAsync(TimeSpan.FromMilliseconds(50))).InTime();
        }

        Assert.Equal(size, (await reading).Length);
        Assert.True(_time.Elapsed < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task BytesPerSecond_TwoSecondsWorth_TakesTwoSeconds()
    {
        _proxy.Up.BytesPerSecond = 100_000;
        var (agent, relay) = await ConnectAsync();
        await SendAsync(agent, new byte[200_000]);
        var reading = ReadAsync(relay, 200_000);
        while (!reading.IsCompleted)
        {
            await Task.WhenAny(reading, _time.WhenArmedAsync(TimeSpan.FromSeconds(1))).InTime();
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(_time.Elapsed.TotalSeconds, 1.9, 5);
    }

    [Fact]
    public async Task BlackHole_OfTheOpenOnes_HoldsThemUntilHealedAndLetsNewOnesThrough()
    {
        var (agent, relay) = await ConnectAsync();
        _proxy.BlackHole(newOnesToo: false);
        await SendAsync(agent, [1]);
        agent.Shutdown(SocketShutdown.Send);
        var (second, secondRelay) = await ConnectAsync();
        await SendAsync(second, [2]);
        Assert.Equal([2], await ReadAsync(secondRelay, 1));
        Assert.Equal(0, relay.Available);
        _proxy.Heal();
        Assert.Equal([1], await ReadAsync(relay, 2));
    }

    [Fact]
    public async Task StopAccepting_WhileAConnectionIsOpen_RefusesNewOnesUntilResumed()
    {
        var (agent, relay) = await ConnectAsync();
        _proxy.StopAccepting();
        using (var refused = new TcpClient())
        {
            await Assert.ThrowsAsync<SocketException>(() => refused.ConnectAsync(IPAddress.Loopback, _proxy.Port, Stop).AsTask());
        }

        await SendAsync(agent, [1]);
        Assert.Single(await ReadAsync(relay, 1));
        await _proxy.ResumeAcceptingAsync();
        await ConnectAsync();
    }

    [Fact]
    public async Task CutAtRandom_WithASeed_CutsEveryConnection()
    {
        _proxy.CutAtRandom(seed: 7, mean: TimeSpan.FromSeconds(10));
        var (agent, _) = await ConnectAsync();
        await ConnectAsync();
        Assert.Equal(2, _time.Due.Count);
        _time.Advance(TimeSpan.FromMinutes(10));
        await _proxy.WhenCutAsync(2).InTime();
        await Assert.ThrowsAsync<SocketException>(() => agent.ReceiveAsync(new byte[1], Stop).InTime());
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _target.Dispose();
        _sockets.ForEach(socket => socket.Dispose());
    }

    private async Task<(Socket Agent, Socket Relay)> ConnectAsync()
    {
        var agent = new TcpClient();
        _sockets.Add(agent);
        await agent.ConnectAsync(IPAddress.Loopback, _proxy.Port, Stop);
        var relay = await _target.AcceptSocketAsync(Stop).InTime();
        _sockets.Add(relay);
        return (agent.Client, relay);
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var rest = bytes.AsMemory(); !rest.IsEmpty;)
        {
            rest = rest[await socket.SendAsync(rest, Stop)..];
        }
    }

    /// <summary>Reads so many bytes, or fewer if the connection ends.</summary>
    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        var length = 0;
        try
        {
            while (length < count && await socket.ReceiveAsync(bytes.AsMemory(length), Stop).InTime() is > 0 and var read)
            {
                length += read;
            }
        }
        catch (SocketException)
        {
            // It was reset.
        }

        return bytes[..length];
    }
}
