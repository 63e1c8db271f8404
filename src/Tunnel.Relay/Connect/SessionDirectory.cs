using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tunnel.Relay.Registry;

namespace Tunnel.Relay.Connect;

/// <summary>
/// The sessions that live, by their id and by the registration that they came from. At most <see cref="RelayDefaults.Sessions"/>. What a
/// session leaves behind when it ends is cleared away here.
/// </summary>
internal sealed partial class SessionDirectory(
    TunnelRegistry registry, SharedOrigin sharedOrigin, TimeProvider time, ILogger<SessionDirectory> logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, RelaySession> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string KeyId, string RegistrationId), RelaySession> _byRegistration = new();

    public IEnumerable<RelaySession> All => _byId.Select(entry => entry.Value);

    public bool IsFull => _byId.Count >= RelayDefaults.Sessions;

    /// <summary>Also finds another agent's session: the caller compares the key.</summary>
    public RelaySession? Find(string id) => _byId.GetValueOrDefault(id);

    public RelaySession? FindRegistration(string keyId, string registrationId) => _byRegistration.GetValueOrDefault((keyId, registrationId));

    /// <summary>From here on resumes find the session, and visitors find its tunnels.</summary>
    public void Add(RelaySession session)
    {
        _byId[session.Id] = session;
        _byRegistration[Registration(session)] = session;
        foreach (var tunnel in session.Tunnels)
        {
            LogOpened(tunnel.Slug, session.Agent.Key.ServerId);
        }

        foreach (var replaced in registry.Add(session.Tunnels))
        {
            if (replaced.Tunnels[0].IsContested)
            {
                replaced.End(SessionOver.Replaced);
            }
            else
            {
                // It has said that it goes, and its successor is this one: what is open there finishes.
                registry.Remove(replaced.Tunnels, awaySince: null);
            }
        }
    }

    /// <summary>What every session calls when it ends, exactly once.</summary>
    public void Leave(RelaySession session, SessionOver how)
    {
        long? awaySince = how == SessionOver.InOrder ? null : session.UnlinkedSince ?? time.GetTimestamp();
        registry.Remove(session.Tunnels, awaySince);
        _byId.TryRemove(session.Id, out _);
        _byRegistration.TryRemove(KeyValuePair.Create(Registration(session), session));
        if (session.Tunnels.Any(tunnel => tunnel.InPathMode))
        {
            sharedOrigin.Leave();
        }

        foreach (var tunnel in session.Tunnels)
        {
            LogClosed(tunnel.Slug, how);
        }
    }

    public void Dispose()
    {
        foreach (var session in All)
        {
            session.End(SessionOver.InOrder);
        }
    }

    private static (string KeyId, string RegistrationId) Registration(RelaySession session) =>
        (session.Agent.Key.PublicKey.Fingerprint, session.Agent.RegistrationId);

    [LoggerMessage(101, LogLevel.Information, "Tunnel {Slug} of {ServerId} is open.", EventName = "TunnelOpened")]
    private partial void LogOpened(string slug, string serverId);

    [LoggerMessage(102, LogLevel.Information, "Tunnel {Slug} is closed: {Reason}", EventName = "TunnelClosed")]
    private partial void LogClosed(string slug, SessionOver reason);
}
