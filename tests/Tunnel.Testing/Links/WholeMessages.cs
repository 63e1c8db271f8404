using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Testing;

/// <summary>For tests that have a message without room in front of it.</summary>
internal static class WholeMessages
{
    public static ValueTask SendAsync(this ILink link, byte[] message) => link.SendAsync(OutgoingMessage.Copy(message));
}
