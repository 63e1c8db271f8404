using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Relays;

/// <summary>The relay's end of a session, over the links that a test gives it.</summary>
internal sealed class ScriptedSession
{
    private readonly TunnelSession _session;
    private ScriptedLink _link;

    private ScriptedSession(TunnelSession session, ScriptedLink link, string id)
    {
        _session = session;
        _link = link;
        Id = id;
    }

    public string Id { get; }

    public string ResumeToken { get; private set; } = Nonce.Create();

    public TunnelSession Session => _session;

    /// <summary>How the last link ended.</summary>
    public Task<LinkEnd> LinkEnded { get; private set; } = null!;

    public static async Task<ScriptedSession> BeginAsync(
        ScriptedLink link, string slug, int graceSeconds, MemoryBudget budget, TimeProvider time)
    {
        var register = await link.RegisterAsync();
        var begun = new ScriptedSession(new TunnelSession(null, budget, time), link, Nonce.Create());
        var ticket = begun._session.Fence();
        await link.SendAsync(link.Registered(register, begun.Id, begun.ResumeToken, graceSeconds, slug));
        begun.LinkEnded = begun._session.RunAsync(ticket, link.Carry(), peerReceived: 0);
        return begun;
    }

    /// <summary>Takes the agent's resume on a link and goes on with that.</summary>
    public async Task ResumeAsync(ScriptedLink link, int epoch)
    {
        var resume = await link.ResumeAsync();
        Assert.Equal((Id, ResumeToken), (resume.Session, resume.ResumeToken));
        var ticket = _session.Fence();
        ResumeToken = Nonce.Create();
        await link.SendAsync(link.Resumed(resume, epoch, ResumeToken, ticket.Received));
        _link = link;
        LinkEnded = _session.RunAsync(ticket, link.Carry(), resume.Received);
    }

    /// <summary>Breaks the link and waits until this end has noticed.</summary>
    public async Task BreakAsync()
    {
        _link.Break();
        Assert.Equal(LinkEndKind.Lost, (await LinkEnded.InTime()).Kind);
    }

    /// <summary>A visitor's request.</summary>
    public Exchange Get(string target, int tunnel = 0, string service = "")
    {
        using var head = HeadWriter.Rent();
        new RequestLine("GET", target, 0, "HTTP/1.1", "http", "relay.test", "192.0.2.1", 4711, false, false, tunnel, service).Write(head);
        head.EndHeaders();
        Assert.Equal(OpenOutcome.Opened, _session.TryOpen(head.Written, FrameFlags.End, out var exchange));
        return exchange!;
    }
}
