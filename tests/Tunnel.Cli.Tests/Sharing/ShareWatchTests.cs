using Tunnel.Agent;
using Tunnel.Cli.Arguments;
using Tunnel.Cli.Output;
using Tunnel.Cli.Sharing;

namespace Tunnel.Cli.Tests.Sharing;

/// <summary>What a person reads while the tunnel comes and goes.</summary>
public sealed class ShareWatchTests
{
    private static readonly Uri _target = new("http://127.0.0.1:7080");

    private readonly FakeAgent _agent = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();
    private Terminal? _terminal;

    [Fact]
    public async Task SaysEachChangeOnce()
    {
        Watch(TerminalTraits.Plain);
        _agent.Connecting();
        _agent.Failed(TunnelFailureReason.Unreachable, "Nothing there.");
        _agent.Failed(TunnelFailureReason.Unreachable, "Nothing there.");
        _agent.Connected("https://hub.test/t/demo/");
        _agent.Connected("https://hub.test/t/demo/"); // the next session, with nothing lost
        _agent.Failed(TunnelFailureReason.LinkLost, "The link was lost.");
        _agent.Connected("https://hub.test/t/demo/");
        _agent.Draining();

        Assert.Equal(
            """
            Connecting to https://hub.test
            Public URL:     https://hub.test/t/demo/
            Forwarding to:  http://127.0.0.1:7080
            14:02:11  Connected to the relay again.
            Closing the tunnel; open requests may finish. Ctrl+C again ends them.

            """,
            (await SaidAsync(_output)).ReplaceLineEndings("\n"));
        Assert.Equal(
            """
            14:02:11  Nothing there. Trying again.
            14:02:11  The link was lost. Reconnecting.

            """,
            (await SaidAsync(_errors)).ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task WhoGivesUpHasSaidTheReasonAlready()
    {
        var watch = Watch(TerminalTraits.Plain, retry: false);
        _agent.Failed(TunnelFailureReason.Unreachable, "Nothing there.");

        var failure = await Assert.ThrowsAsync<CommandFailure>(
            () => watch.WaitUntilConnectedAsync(TimeSpan.Zero, TestContext.Current.CancellationToken));
        Assert.Equal("Gave up after 0 seconds; --retry goes on for ever.", failure.Unsaid);
        Assert.Equal($"Nothing there. {failure.Unsaid}", failure.Message); // for scripts
    }

    [Fact]
    public async Task SaysWhereTheTunnelIsWhenItHasMoved()
    {
        Watch(TerminalTraits.Plain);
        _agent.Connected("https://hub.test/t/one/");
        _agent.Connected("https://hub.test/t/two/");

        Assert.Contains("Public URL:     https://hub.test/t/two/", await SaidAsync(_output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WebSocketIsSaidWhenItOpensAndWhenItCloses()
    {
        Watch(TerminalTraits.Plain);
        var request = new TunnelRequest("GET", "/ws", 101, 0, TimeSpan.FromMilliseconds(2), TunnelRequestOutcome.Completed);
        _agent.Upgrade(request);
        _agent.Complete(request with { ResponseBytes = 77, Duration = TimeSpan.FromMinutes(5), Outcome = TunnelRequestOutcome.Aborted });

        Assert.Equal(
            """
            14:02:11  101  GET                    2 ms  /ws  (opened)
            14:02:11  101  GET          77 B    5m 00s  /ws  (closed)

            """,
            (await SaidAsync(_output)).ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task OnATerminalThereAreColoursAndAQrCode()
    {
        Watch(new TerminalTraits(true, true, true) { Window = static () => (80, 40) });
        _agent.Connected("https://hub.test/t/demo/");

        Assert.Contains("\e[1;36mhttps://hub.test/t/demo/\e[0m", await SaidAsync(_output), StringComparison.Ordinal);
        Assert.Contains('▀', await SaidAsync(_output));
    }

    [Fact]
    public async Task ARelayCannotCommandTheTerminal()
    {
        Watch(new TerminalTraits(true, true, true));
        _agent.Failed(TunnelFailureReason.Overloaded, "Later.\e]0;owned\a\e[2J\r\nPublic URL:");

        Assert.Equal("\e[33m14:02:11  Later.?]0;owned??[2J??Public URL:\e[0m", (await SaidAsync(_errors)).TrimEnd());
    }

    [Fact]
    public async Task RequestsAreSaidBeforeWhatComesLater()
    {
        Watch(TerminalTraits.Plain);
        var request = new TunnelRequest("GET", "/", 200, 1, TimeSpan.FromMilliseconds(2), TunnelRequestOutcome.Completed);
        _agent.Complete(request with { Path = "/1" });
        _agent.Complete(request with { Path = "/2" });
        _agent.Complete(request with { Path = "/3" });

        _agent.Draining(); // time stands still here, so the moment for which lines are gathered does not pass by itself
        Assert.Equal(["/1", "/2", "/3"], (await SaidAsync(_output)).Split('\n').Where(line => line.Contains('/')).Select(line => line.Trim()[^2..]));
    }

    private ShareWatch Watch(TerminalTraits traits, bool retry = true)
    {
        _terminal = new Terminal(_output, _errors, traits, new FixedTime());
        return new ShareWatch(
            _agent,
            new ShareSettings(ShareTarget.Parse("7080", Assert.Fail), new Uri("https://hub.test")) { Retry = retry },
            _target,
            new TextReport(_terminal, qr: null, new FixedTime()));
    }

    private async Task<string> SaidAsync(StringWriter where)
    {
        await _terminal!.CloseAsync().InTime();
        return where.ToString();
    }
}
