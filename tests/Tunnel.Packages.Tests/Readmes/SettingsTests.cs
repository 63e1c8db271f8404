using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tunnel.Packages.Tests.Schema;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>What the READMEs and docs say about settings is what the packages take.</summary>
public sealed partial class SettingsTests
{
    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void Table_NamesEverySettingWithItsDefault(string name)
    {
        var package = Package.Named(name);
        var schema = Section(package);
        var table = Rows(package);
        Assert.Equal(Leaves(schema, "").Order(StringComparer.Ordinal), table.Keys.Order(StringComparer.Ordinal));
        var wrong =
            from row in table
            let real = (string?)Find(schema, row.Key)!["default"]?.ToString()
            where real is not null && Value(row.Value) is { } told && !string.Equals(told, real, StringComparison.OrdinalIgnoreCase)
            select $"{row.Key}: the table says {row.Value}, and the default is {real}";
        Faults.None(wrong);
    }

    [Fact]
    public void EveryJson_IsValid()
    {
        var blocks = CodeBlock.All("json").Select(block => (block.Place, block.Text));
        var inline = CodeBlock.Inline().Where(code => code.Text.StartsWith("\"Tunnel\"", StringComparison.Ordinal)).Select(code => (code.File, $"{{{code.Text}}}"));
        var all = blocks.Concat(inline).ToList();
        Assert.NotEmpty(all);
        Faults.None(all.SelectMany(json => ConfigurationSchemaTests.Errors(json.Item2).Select(error => $"{json.Item1}: {error}")));
    }

    [Fact]
    public void EverySettingInASentence_IsThere()
    {
        var wrong =
            from code in CodeBlock.Inline().Concat(CodeBlock.All("sh", "console", "text").Select(block => (File: block.Place, block.Text)))
            from Match match in Setting().Matches(code.Text)
            let package = Package.All.Single(one => one.Section == match.Groups[1].Value.Replace("__", ":"))
            let path = match.Groups[2].Value.Replace("__", ":")
            where Find(Section(package), path) is null
            select $"{code.File}: {code.Text}";
        Faults.None(wrong);
    }

    private static JsonNode Section(Package package) =>
        package.Section.Split(':').Aggregate((JsonNode)OptionsSchema.Of(package), (schema, part) => schema["properties"]![part]!);

    /// <summary>The settings of a section; those of a nested object with its name, as in <c>Slugs:Policy</c>.</summary>
    private static IEnumerable<string> Leaves(JsonNode schema, string prefix) =>
        schema["properties"]!.AsObject().SelectMany(setting =>
            setting.Value!["properties"] is null ? [prefix + setting.Key] : Leaves(setting.Value, $"{prefix}{setting.Key}:"));

    private static JsonNode? Find(JsonNode schema, string path) =>
        path.Split(':').Aggregate((JsonNode?)schema, (inner, part) =>
            inner?["properties"]?[part] ?? inner?["items"] ?? (inner?["additionalProperties"] as JsonObject));

    /// <summary>The rows of the table behind the line that begins with the section's name.</summary>
    private static Dictionary<string, string> Rows(Package package)
    {
        var lines = CodeBlock.Read("docs/settings.md").Split('\n');
        return lines
            .SkipWhile(line => !line.StartsWith($"`{package.Section}`, or", StringComparison.Ordinal))
            .SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1].Trim('`'), cells => cells[2]);
    }

    /// <summary>A default that is written as a value or as a time; others are explained in words.</summary>
    private static string? Value(string cell)
    {
        if (Time().Match(cell) is { Success: true } time)
        {
            var amount = int.Parse(time.Groups[1].Value, CultureInfo.InvariantCulture);
            var span = time.Groups[2].Value[0] switch
            {
                's' => TimeSpan.FromSeconds(amount),
                'm' => TimeSpan.FromMinutes(amount),
                'h' => TimeSpan.FromHours(amount),
                _ => TimeSpan.FromDays(amount),
            };
            return span.ToString("c");
        }

        return cell.StartsWith('`') && cell.EndsWith('`') ? cell.Trim('`') : null;
    }

    [GeneratedRegex(@"\b(Tunnel(?::|__)(?:Relay|Agent))(?::|__)([A-Za-z0-9.]+(?:(?::|__)[A-Za-z0-9.]+)*)")]
    private static partial Regex Setting();

    [GeneratedRegex(@"^(\d+) (second|minute|hour|day)s?$")]
    private static partial Regex Time();
}
