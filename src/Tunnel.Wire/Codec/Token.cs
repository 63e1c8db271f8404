using System.Buffers;

namespace Tunnel.Wire.Codec;

/// <summary>What methods and header names are made of (RFC 9110 section 5.6.2).</summary>
internal static class Token
{
    private const string Allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> Chars = SearchValues.Create(Allowed);
    private static readonly SearchValues<byte> Octets = SearchValues.Create([.. Allowed.Select(static letter => (byte)letter)]);

    public static bool Is(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(Chars);

    public static bool Is(ReadOnlySpan<byte> octets) => !octets.IsEmpty && !octets.ContainsAnyExcept(Octets);
}
