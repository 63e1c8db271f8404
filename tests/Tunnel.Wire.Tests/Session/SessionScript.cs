using System.Collections.Concurrent;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>One step of a script: what, on which of the open exchanges and which side, and how much.</summary>
public readonly record struct ScriptStep(byte What, byte Which, ushort Amount);

/// <summary>
/// Plays a script of steps on two sessions, and on a model that only knows what was written, ended, reset and stopped. Whatever the
/// interleaving, each reader has to see what the model says.
/// </summary>
internal sealed class SessionScript : IExchangeHandler, IAsyncDisposable
{
    private const int MaxExchanges = 12;
    private readonly List<ModelExchange> _exchanges = [];
    private readonly ConcurrentDictionary<uint, Exchange> _accepted = new();
    private readonly List<Task> _runs = [];
    private MemoryLink? _relayLink;
    private FaultyLink? _agentLink;

    public SessionScript(long budget)
    {
        Budget = new MemoryBudget(budget);
        Relay = new TunnelSession(handler: null, Budget, TimeProvider.System);
        Agent = new TunnelSession(this, Budget, TimeProvider.System);
        Link();
    }

    public MemoryBudget Budget { get; }

    public TunnelSession Relay { get; }

    public TunnelSession Agent { get; }

    public void OnOpened(Exchange exchange) => _accepted[exchange.Id] = exchange;

    public async Task RunAsync(IReadOnlyList<ScriptStep> steps)
    {
        foreach (var step in steps)
        {
            Play(step);
            Assert.InRange(Budget.Reserved, 0, Budget.Limit);
            for (var pause = step.Amount % 4 * 8; pause > 0; pause--)
            {
                await Task.Yield(); // lets the links run, more or less far
            }
        }

        Link();
        foreach (var exchange in _exchanges)
        {
            await exchange.FinishAsync();
        }

        Assert.False(Relay.IsOver, "The relay's session ended.");
        Assert.False(Agent.IsOver, "The agent's session ended.");
        Assert.Equal(0, Relay.OpenExchanges);
        await Task.WhenAll(Relay.Outbound.WhenAcknowledgedAsync(), Agent.Outbound.WhenAcknowledgedAsync());
        foreach (var exchange in _accepted.Values)
        {
            exchange.Dispose();
        }

        Relay.End(ErrorCode.LinkLost);
        Agent.End(ErrorCode.LinkLost);
        await Task.WhenAll(_runs);
        Assert.Equal(0, Budget.Reserved);
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Agent.DisposeAsync();
    }

    public override string ToString() =>
        $"relay {Describe(Relay)}, agent {Describe(Agent)}\n" + string.Join('\n', _exchanges);

    private static string Describe(TunnelSession session) =>
        $"{(session.IsOver ? "over" : session.IsLinked ? "linked" : "not linked")} with {session.OpenExchanges} open, unacknowledged {session.Outbound.IsUnacknowledged}";

    private void Play(ScriptStep step)
    {
        switch (step.What % 16)
        {
            case 0 or 1 or 2:
                Open(step.Amount);
                break;
            case 13:
                Cut(step.Which);
                break;
            case 14:
                Disturb(step.Which);
                break;
            case 15 when step.Which % 2 == 0:
                // An answer to a resume was lost: the next link follows before the last one carried anything.
                Relay.Fence();
                Link();
                break;
            case 15:
                Agent.ProbeLink();
                Relay.ProbeLink();
                break;
            default:
                if (_exchanges.Count > 0)
                {
                    var exchange = _exchanges[(step.Which >> 1) % _exchanges.Count];
                    Play(step, (step.Which & 1) == 0 ? exchange.Relay : exchange.Agent);
                }

                break;
        }
    }

    private static void Play(ScriptStep step, ModelSide side)
    {
        switch (step.What % 16)
        {
            case 3 or 4 or 5:
                side.Write(step.Amount * (step.Amount % 5 == 0 ? 8 : 1), end: step.Amount % 7 == 0);
                break;
            case 6 or 7:
                side.ReadSome(step.Amount);
                break;
            case 8:
                side.End(trailers: step.Amount % 2 == 0);
                break;
            case 9:
                side.Reset();
                break;
            case 10:
                side.Stop(step.Amount % 2 == 0 ? ErrorCode.None : ErrorCode.Cancelled);
                break;
            case 11:
                side.SendHead(step.Amount % 3000);
                break;
            case 12 when step.Amount % 4 == 0:
                side.Abort();
                break;
            case 12 when step.Amount % 4 == 1:
                side.Leave();
                break;
        }
    }

    private void Open(int amount)
    {
        if (_exchanges.Count >= MaxExchanges)
        {
            return;
        }

        var flags = amount % 5 == 0 ? FrameFlags.NoCredit : FrameFlags.None;
        var outcome = Relay.TryOpen(new byte[1 + (amount % 200)], flags, out var exchange);
        if (outcome == OpenOutcome.Opened)
        {
            _exchanges.Add(new ModelExchange(exchange!, id => _accepted.GetValueOrDefault(id)));
        }
        else
        {
            Assert.Contains(outcome, new[] { OpenOutcome.NotNow, OpenOutcome.NoMemory });
        }
    }

    private void Cut(byte which)
    {
        if (which % 3 != 1)
        {
            _relayLink?.Abort();
        }

        if (which % 3 != 2)
        {
            _agentLink?.Abort();
        }
    }

    /// <summary>What a link that delivers nothing holds is lost with it, in the middle of a message as well.</summary>
    private void Disturb(byte which)
    {
        var direction = (which & 1) == 0 ? _agentLink!.Outgoing : _agentLink!.Incoming;
        switch (which / 2 % 6)
        {
            case 0:
                Link();
                break;
            case 1:
                _agentLink.BlackHole();
                break;
            case 2:
                direction.BlackHole();
                break;
            case 3:
                _agentLink.Heal();
                break;
            default:
                // The next piece of the sequence comes in part only, and nothing after it.
                var next = direction.Messages + 1;
                direction.On(message => message.Number < next || message.Bytes.Length < 12 ? null
                    : message.Number == next ? Fault.Truncate(8 + (which % 200 % (message.Bytes.Length - 9)) + 1)
                    : Fault.CutBefore);
                break;
        }
    }

    private void Link()
    {
        var relay = Relay.Fence();
        var agent = Agent.Fence();
        (_relayLink, _agentLink) = FaultyLink.CreatePair();
        _agentLink.Outgoing.On(message => message.Number % 5 == 0 ? Fault.Duplicate : null);
        _agentLink.Incoming.On(message => message.Number % 7 == 0 ? Fault.Duplicate : null);
        _runs.Add(Relay.RunAsync(relay, _relayLink, agent.Received));
        _runs.Add(Agent.RunAsync(agent, _agentLink, relay.Received));
    }
}
