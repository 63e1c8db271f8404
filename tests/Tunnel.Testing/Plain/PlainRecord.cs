namespace Tunnel.Testing;

/// <summary>A record of the control lane.</summary>
internal abstract record PlainRecord
{
    public sealed record Ping(ulong Nonce) : PlainRecord;

    public sealed record Pong(ulong Nonce) : PlainRecord;

    public sealed record Ack(ulong Offset) : PlainRecord;

    public sealed record Credit(ulong Stream, ulong Limit) : PlainRecord;

    public sealed record GoAway(ulong Last, ulong Code) : PlainRecord;

    public sealed record Close(ulong Code) : PlainRecord;

    public void Encode(PlainWriter to) => _ = this switch
    {
        Ping ping => to.Byte(1).Varint(ping.Nonce),
        Pong pong => to.Byte(2).Varint(pong.Nonce),
        Ack ack => to.Byte(3).Varint(ack.Offset),
        Credit credit => to.Byte(4).Varint(credit.Stream).Varint(credit.Limit),
        GoAway goAway => to.Byte(5).Varint(goAway.Last).Varint(goAway.Code),
        Close close => to.Byte(6).Varint(close.Code),
        _ => throw new InvalidOperationException(),
    };

    public static PlainRecord Decode(PlainReader from) => from.Byte("a record's type") switch
    {
        1 => new Ping(from.Varint("a ping's nonce")),
        2 => new Pong(from.Varint("a pong's nonce")),
        3 => new Ack(from.Varint("an ack's offset")),
        4 => new Credit(from.Varint("a credit's stream"), from.Varint("a credit's limit")),
        5 => new GoAway(from.Varint("a go-away's last stream"), from.Varint("a go-away's code")),
        6 => new Close(from.Varint("a close's code")),
        var type => throw new PlainFormatException($"a control record has the unknown type {type}"),
    };

    public string Describe() => this switch
    {
        Ping ping => $"ping nonce={ping.Nonce}",
        Pong pong => $"pong nonce={pong.Nonce}",
        Ack ack => $"ack offset={ack.Offset}",
        Credit credit => $"credit stream={credit.Stream} limit={credit.Limit}",
        GoAway goAway => $"go-away last={goAway.Last} code={goAway.Code}",
        Close close => $"close code={close.Code}",
        _ => throw new InvalidOperationException(),
    };

    public sealed override string ToString() => Describe();
}
