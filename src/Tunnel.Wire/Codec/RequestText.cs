using System.Buffers;

namespace Tunnel.Wire.Codec;

/// <summary>
/// What may stand in a request's first lines. A space or a line break in there would let one request pass for another, or for two
/// (RFC 9112 sections 3 and 11.1). Each hop looks for itself, whatever the one before it let through.
/// </summary>
internal static class RequestText
{
    // A set, because ContainsAnyInRange allocates with each call.
    private static readonly SearchValues<char> Breaks = SearchValues.Create([.. Enumerable.Range(0, ' ' + 1).Select(static code => (char)code), '\x7F']);

    /// <summary>Whether a method, a target or an authority is without spaces and control characters.</summary>
    public static bool IsUnbroken(ReadOnlySpan<char> text) => !text.ContainsAny(Breaks);
}
