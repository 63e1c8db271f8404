using System.Text;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>A message between an agent and its relay, as a faulty network sees it.</summary>
/// <param name="IsUp">Whether the agent sent it.</param>
/// <param name="Number">Of the binary messages of its direction and link, from 1; 0 for one of the registration.</param>
/// <param name="Bytes">All of it, or the beginning that has arrived.</param>
internal readonly record struct LinkMessage(bool IsUp, int Number, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Whether it is this message of the registration, such as <c>resumed</c>.</summary>
    public bool Is(string type) => Number == 0 && Encoding.UTF8.GetString(Bytes.Span).Contains($"\"type\":\"{type}\"", StringComparison.Ordinal);
}

/// <summary>What a faulty network does at a message.</summary>
internal enum LinkFault
{
    None,

    /// <summary>The message never arrives, and both ends lose the link.</summary>
    CutBefore,

    /// <summary>Half of the message arrives, then both ends lose the link.</summary>
    CutInside,

    /// <summary>The message is handed over, then both ends lose the link.</summary>
    CutAfter,

    /// <summary>Of what the agent sends: the message is on its way for long, and meanwhile the agent's end loses the link.</summary>
    Strand,
}
