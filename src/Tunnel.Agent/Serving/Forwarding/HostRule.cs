using Tunnel.Wire.Codec;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Which <c>Host</c> a forwarded request carries.</summary>
/// <param name="value"><see langword="null"/> for the target's authority, <c>preserve</c> for the visitor's, or the value itself.</param>
internal sealed class HostRule(string? value)
{
    public const string Preserve = "preserve";

    /// <summary>What is wrong with the option's value, in a sentence that names the option; <see langword="null"/> for nothing.</summary>
    public static string? Check(string? value, string setting) =>
        value is null || value.Length > 0 && RequestText.IsUnbroken(value)
            ? null
            : $"{setting} is empty or holds a space or a control character; give a host name with or without a port, or 'preserve'.";

    public string For(in RequestLine line, ForwardTarget target) => value switch
    {
        null => target.Authority,
        Preserve => line.Authority.Length > 0 ? line.Authority : target.Authority,
        _ => value,
    };
}
