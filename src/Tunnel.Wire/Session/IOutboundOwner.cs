namespace Tunnel.Wire.Session;

/// <summary>Hears what the sending side cannot settle by itself.</summary>
internal interface IOutboundOwner
{
    /// <summary>The shortest round trip that the link has shown.</summary>
    TimeSpan RoundTrip { get; }

    /// <summary>How many exchanges are open. Read under the sending side's lock, so it takes none.</summary>
    int OpenExchanges { get; }

    /// <summary>The link does not take messages any more.</summary>
    void OnSendFailed(Exception exception);

    /// <summary>There is room again for a head that was refused.</summary>
    void OnRoom();

    /// <summary>The peer reads nothing and makes this side answer all the same. Called under the sending side's lock.</summary>
    void OnOverflow();
}
