using System.Diagnostics.CodeAnalysis;
using Tunnel.Relay.Registry;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Relay.Connect;

/// <summary>What a registration asks for, checked as far as that takes nothing but the message and the relay's rules.</summary>
/// <param name="Slugs">One for each tunnel, in lower case; null for a random one.</param>
/// <param name="Services">One list for each tunnel.</param>
internal sealed record TunnelWishes(IReadOnlyList<string?> Slugs, IReadOnlyList<IReadOnlyList<string>> Services)
{
    private const int MinIdSize = 16;
    private const int MaxIdSize = 32;
    private const int MaxServiceName = 32;

    public static bool TryRead(
        RegisterMessage message,
        SlugRules rules,
        string serverId,
        [NotNullWhen(true)] out TunnelWishes? wishes,
        [NotNullWhen(false)] out ErrorMessage? refusal)
    {
        wishes = null;
        TunnelWish[] tunnels = [new TunnelWish(message.Slug, message.Services), .. message.Tunnels ?? []];
        if (!Nonce.IsValid(message.Nonce) || !IsId(message.RegistrationId) || !IsId(message.InstanceId) || tunnels.Contains(null))
        {
            refusal = new ErrorMessage(RegistrationErrorCodes.InvalidMessage,
                "The registration's nonce, registrationId or instanceId is not what the protocol says. Check that relay and agent have compatible versions.");
            return false;
        }

        if (tunnels.Length > RelayDefaults.TunnelsPerSession
            || tunnels.Any(tunnel => tunnel.Services?.Count > RelayDefaults.ServicesPerTunnel))
        {
            refusal = new ErrorMessage(RegistrationErrorCodes.TooManyTunnels,
                $"An agent can have {RelayDefaults.TunnelsPerSession} tunnels, and each of them {RelayDefaults.ServicesPerTunnel} services. Run a second agent for more.");
            return false;
        }

        if (tunnels.Any(tunnel => !AreServices(tunnel.Services ?? [])))
        {
            refusal = new ErrorMessage(RegistrationErrorCodes.InvalidMessage,
                $"A service's name has 1 to {MaxServiceName} letters, digits, hyphens and underscores, and a tunnel has no two of the same name.");
            return false;
        }

        var slugs = new string?[tunnels.Length];
        for (var i = 0; i < slugs.Length; i++)
        {
            if (string.IsNullOrEmpty(tunnels[i].Slug))
            {
                continue;
            }

            if (!rules.TryAccept(tunnels[i].Slug!, serverId, out var slug, out var why))
            {
                refusal = new ErrorMessage(why.Code, why.Sentence);
                return false;
            }

            if (slugs.Contains(slug))
            {
                refusal = new ErrorMessage(RegistrationErrorCodes.SlugInvalid,
                    $"The slug {slug} is asked for twice. Give each of the agent's tunnels its own.");
                return false;
            }

            slugs[i] = slug;
        }

        wishes = new TunnelWishes(slugs, [.. tunnels.Select(tunnel => tunnel.Services ?? [])]);
        refusal = null;
        return true;
    }

    /// <summary>At least the protocol's 16 bytes; what is longer does no harm, and is kept for as long as the session is.</summary>
    private static bool IsId(string text) => Base64UrlText.TryDecode(text, out var bytes) && bytes.Length is >= MinIdSize and <= MaxIdSize;

    private static bool AreServices(IReadOnlyList<string> names) =>
        names.All(name => name is { Length: > 0 and <= MaxServiceName } && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_'))
        && names.Distinct(StringComparer.Ordinal).Count() == names.Count;
}
