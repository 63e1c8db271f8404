using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Connect;

/// <summary>Who is at the other end of a session.</summary>
/// <param name="Key">What it has proved to hold.</param>
/// <param name="RegistrationId">The same in a registration that is repeated because its answer was lost.</param>
/// <param name="InstanceId">Its process.</param>
/// <param name="Pools">Whether other agents of its server id may serve the same slugs.</param>
internal sealed record SessionAgent(RegisteredKey Key, string RegistrationId, string InstanceId, bool Pools)
{
    public override string ToString() => Key.ServerId;
}
