using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

public sealed class KeepAliveTests
{
    private readonly FakeTime _time = new();
    private readonly KeepAlive _keepAlive;

    public KeepAliveTests() => _keepAlive = new KeepAlive(_time);

    [Fact]
    public void Silence_BringsAPing_AndWithoutAPongTheEnd()
    {
        Assert.Equal(KeepAliveAction.None, After(14.9));
        Assert.Equal(KeepAliveAction.Ping, After(0.1));
        var nonce = _keepAlive.Ping();
        Assert.Equal(KeepAliveAction.None, After(14));
        _keepAlive.PongArrived(nonce + 1); // of another ping
        Assert.Equal(KeepAliveAction.GiveUp, After(1));
    }

    [Fact]
    public void Pong_ShowsTheRoundTrip_AndKeepsTheLink()
    {
        var nonce = _keepAlive.Ping();
        _time.Advance(TimeSpan.FromSeconds(3));
        _keepAlive.MessageArrived();
        _keepAlive.PongArrived(nonce);
        Assert.Equal(TimeSpan.FromSeconds(3), _keepAlive.RoundTrip);
        Assert.Equal(KeepAliveAction.None, After(14));
    }

    [Fact]
    public void Peer_ThatTalksAndAcknowledgesNothing_IsGivenUp()
    {
        for (var seconds = 0; seconds < 25; seconds += 5)
        {
            Assert.Equal(KeepAliveAction.None, Talk(5));
        }

        _keepAlive.AckMoved();
        for (var seconds = 0; seconds < 25; seconds += 5)
        {
            Assert.Equal(KeepAliveAction.None, Talk(5));
        }

        Assert.Equal(KeepAliveAction.GiveUp, Talk(5));
    }

    [Fact]
    public void Pong_ThatWaitsBehindData_DoesNotCostALinkWhoseAcksMove()
    {
        _keepAlive.Ping();
        for (var seconds = 0; seconds < 60; seconds += 5)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            _keepAlive.MessageArrived();
            _keepAlive.AckMoved();
            Assert.NotEqual(KeepAliveAction.GiveUp, _keepAlive.Check(isUnacknowledged: true));
        }
    }

    [Fact]
    public void Probe_HasLessTimeForItsAnswer()
    {
        var first = _keepAlive.Ping();
        var probe = _keepAlive.Probe();
        Assert.NotEqual(first, probe);
        _keepAlive.PongArrived(first); // was on its way before the network changed
        Assert.Equal(KeepAliveAction.None, Talk(4.9));
        Assert.Equal(KeepAliveAction.GiveUp, Talk(0.1));
    }

    private KeepAliveAction After(double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        return _keepAlive.Check(isUnacknowledged: false);
    }

    private KeepAliveAction Talk(double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        _keepAlive.MessageArrived();
        return _keepAlive.Check(isUnacknowledged: true);
    }
}
