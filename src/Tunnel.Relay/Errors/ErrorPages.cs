using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Tunnel.Relay.Errors;

/// <summary>The pages that browsers get instead of an answer: the operator's own, read once at the start, or a small built-in one.</summary>
internal sealed class ErrorPages
{
    /// <summary>The file for every status that has none of its own.</summary>
    public const string AnyStatus = "error.html";

    private const string BuiltIn = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>{{status}} – {{title}}</title>
        <style>
        body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 32rem; padding: 0 1rem; color: #222; background: #fff }
        small { color: #777 }
        @media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b } }
        </style>
        </head>
        <body>
        <h1>{{status}}</h1>
        <p>{{title}}</p>
        <small>{{code}}</small>
        </body>
        </html>

        """;

    private readonly FrozenDictionary<int, string> _byStatus;
    private readonly string _anyStatus;

    private ErrorPages(IDictionary<int, string> byStatus, string? anyStatus)
    {
        _byStatus = byStatus.ToFrozenDictionary();
        _anyStatus = anyStatus ?? BuiltIn;
    }

    /// <summary>Reads a folder's pages; <see langword="null"/> stands for no folder.</summary>
    /// <exception cref="IOException">The folder or its pages cannot be used; the message says why, and what to do.</exception>
    public static ErrorPages Read(string? folder)
    {
        if (folder is null)
        {
            return new ErrorPages(new Dictionary<int, string>(), null);
        }

        if (!Directory.Exists(folder))
        {
            throw new IOException($"There is no folder '{folder}'. Make it and put {AnyStatus} or pages such as 404.html there, or leave the setting out.");
        }

        try
        {
            var byStatus = RelayError.All
                .Select(error => error.Status)
                .Distinct()
                .Select(status => (status, page: ReadPage(folder, $"{status}.html")))
                .Where(own => own.page is not null)
                .ToDictionary(own => own.status, own => own.page!);
            var anyStatus = ReadPage(folder, AnyStatus);
            return byStatus.Count > 0 || anyStatus is not null
                ? new ErrorPages(byStatus, anyStatus)
                : throw new IOException(
                    $"The folder '{folder}' has no page for an answer of the relay. Put {AnyStatus} there, or pages of one status such as 404.html or 502.html.");
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException($"{exception.Message} Let the relay's user read the folder and its pages.", exception);
        }
    }

    public byte[] Render(RelayError error) => Encoding.UTF8.GetBytes(
        new StringBuilder(_byStatus.GetValueOrDefault(error.Status, _anyStatus))
            .Replace("{{status}}", error.Status.ToString(CultureInfo.InvariantCulture))
            .Replace("{{code}}", HtmlEncoder.Default.Encode(error.Code))
            .Replace("{{title}}", HtmlEncoder.Default.Encode(error.Title))
            .ToString());

    private static string? ReadPage(string folder, string name)
    {
        var file = new FileInfo(Path.Combine(folder, name));
        if (!file.Exists)
        {
            return null;
        }

        return file.Length <= RelayDefaults.LargestErrorPage
            ? File.ReadAllText(file.FullName)
            : throw new IOException(
                $"The page '{file.FullName}' has {file.Length} bytes. Make it at most {RelayDefaults.LargestErrorPage} bytes long, with pictures and fonts elsewhere.");
    }
}
