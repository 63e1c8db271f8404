using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tunnel.Relay.Registry;

/// <summary>Which slugs there can be and who may ask for which. Whether one is free, <c>ClaimLedger</c> says.</summary>
internal sealed class SlugRules(SlugOptions options)
{
    private const int MinLength = 3;
    private const int MaxLength = 32;
    private const int RandomLength = 8;
    private const string RandomSymbols = "abcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly SearchValues<char> Symbols = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    private readonly HashSet<string> _extraReserved = new(options.Reserved, StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks what an agent asks for, and gives it in lower case.</summary>
    public bool TryAccept(
        string wish,
        string serverId,
        [NotNullWhen(true)] out string? slug,
        [NotNullWhen(false)] out SlugRefusal? refusal)
    {
        refusal = TryNormalise(wish, out slug) ? Refuse(slug, serverId) : SlugRefusal.Invalid;
        slug = refusal is null ? slug : null;
        return refusal is null;
    }

    /// <summary>Whether a text has the form of a slug, also one that is reserved.</summary>
    public static bool TryNormalise(string text, [NotNullWhen(true)] out string? slug)
    {
        var valid = HasForm(text);
        slug = valid ? text.ToLowerInvariant() : null;
        return valid;
    }

    /// <summary>Whether a text has the form of a slug, in either case.</summary>
    public static bool HasForm(ReadOnlySpan<char> text)
    {
        // Letters are checked before they are lowered: outside ASCII there are some (the kelvin sign, U+212A) that become ASCII ones.
        return text.Length is >= MinLength and <= MaxLength && text[0] != '-' && text[^1] != '-' && !text.ContainsAnyExcept(Symbols);
    }

    /// <summary>8 lower-case letters and digits, each as likely as any other; 41 bits, so a slug is a name and no secret.</summary>
    public string CreateRandom()
    {
        while (true)
        {
            var slug = RandomNumberGenerator.GetString(RandomSymbols, RandomLength);
            if (!IsReserved(slug))
            {
                return slug;
            }
        }
    }

    /// <summary>
    /// A slug of the same form that is always the same for a server id. Development claims are not on disk; with this an agent's address
    /// outlives a restart of the relay all the same.
    /// </summary>
    public string CreateFor(string serverId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(serverId), hash);
        Span<char> slug = stackalloc char[RandomLength];
        for (var index = 0; index < slug.Length; index++)
        {
            slug[index] = RandomSymbols[hash[index] % RandomSymbols.Length];
        }

        return IsReserved(slug.ToString()) ? CreateRandom() : slug.ToString();
    }

    private SlugRefusal? Refuse(string slug, string serverId) => options.Policy switch
    {
        _ when slug.StartsWith(ReservedSlugs.PunycodePrefix, StringComparison.Ordinal) => SlugRefusal.Invalid,
        _ when IsReserved(slug) => SlugRefusal.Reserved(slug),
        SlugPolicy.RandomOnly => SlugRefusal.RandomOnly,
        SlugPolicy.AllowList when !IsListed(slug, serverId) => SlugRefusal.NotListed(slug, serverId),
        _ => null,
    };

    private bool IsReserved(string slug) => ReservedSlugs.Contains(slug) || _extraReserved.Contains(slug);

    private bool IsListed(string slug, string serverId) =>
        options.Allowed.TryGetValue(serverId, out var slugs) && slugs.Contains(slug, StringComparer.OrdinalIgnoreCase);
}
