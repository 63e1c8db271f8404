using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tunnel.Wire.Codec;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>Between the header lines of a head and the app's header dictionaries, with the encodings and the checks of Kestrel.</summary>
internal static class InProcessHeaders
{
    private static readonly SearchValues<char> Printable = SearchValues.Create([.. "\t", .. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)]);
    private static readonly SearchValues<char> Controls =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Where(code => code != '\t').Select(code => (char)code), '\x7F']);

    /// <exception cref="BadHttpRequestException">A value is not in the encoding that the app takes.</exception>
    public static void Read(ref HeadReader head, IHeaderDictionary headers, InProcessSettings settings)
    {
        while (head.TryHeaderOctets(out var name, out var octets))
        {
            var value = Ascii.IsValid(octets) ? CachedText.Latin1(octets) : Decode(name, octets, settings);
            headers[name] = StringValues.Concat(headers[name], value); // Append would drop an empty value
        }
    }

    /// <exception cref="InvalidOperationException">A name or a value cannot be sent.</exception>
    public static void Write(HeadWriter head, IHeaderDictionary headers, InProcessSettings settings)
    {
        foreach (var (name, values) in headers)
        {
            for (var index = 0; index < values.Count; index++)
            {
                var value = values[index] ?? string.Empty;
                if (!value.AsSpan().ContainsAnyExcept(Printable))
                {
                    head.Header(name, value);
                }
                else if (settings.ResponseEncoding(name) is { } encoding && !value.AsSpan().ContainsAny(Controls))
                {
                    head.Header(name, value, encoding);
                }
                else
                {
                    throw new InvalidOperationException($"Invalid non-ASCII or control character in the header '{name}'.");
                }
            }
        }
    }

    private static string Decode(string name, ReadOnlySpan<byte> octets, InProcessSettings settings)
    {
        try
        {
            return settings.RequestEncoding(name).GetString(octets);
        }
        catch (DecoderFallbackException exception)
        {
            throw new BadHttpRequestException($"The value of the header '{name}' is not in the encoding that the app takes.", exception);
        }
    }
}
