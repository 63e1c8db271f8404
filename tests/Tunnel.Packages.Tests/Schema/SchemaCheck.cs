using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tunnel.Packages.Tests.Schema;

/// <summary>Validates JSON against the part of JSON schema that <see cref="OptionsSchema"/> writes.</summary>
internal static class SchemaCheck
{
    /// <summary>Every error with its place; empty for a valid document.</summary>
    public static IEnumerable<string> Errors(JsonNode? value, JsonNode schema, string place = "$")
    {
        if (schema["enum"] is JsonArray allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value)))
        {
            return [$"{place} is {Text(value)}, and it can be {allowed.ToJsonString()}"];
        }

        if ((string?)schema["type"] is { } type && !Is(type, value))
        {
            return [$"{place} is {Text(value)}, and not of the type {type}"];
        }

        if ((string?)schema["pattern"] is { } pattern && !Regex.IsMatch((string)value!, pattern))
        {
            return [$"{place} is {Text(value)}, which does not match {pattern}"];
        }

        return value switch
        {
            JsonObject members => members.SelectMany(member => Member(member.Key, member.Value, schema, place)),
            JsonArray items => items.SelectMany((item, i) => Errors(item, schema["items"]!, $"{place}[{i}]")),
            _ => [],
        };
    }

    private static IEnumerable<string> Member(string name, JsonNode? value, JsonNode schema, string place)
    {
        var inner = $"{place}.{name}";
        if (schema["properties"]?[name] is { } known)
        {
            return Errors(value, known, inner);
        }

        return schema["additionalProperties"] switch
        {
            JsonObject any => Errors(value, any, inner),
            JsonValue none when !none.GetValue<bool>() => [$"{inner} is no setting"],
            _ => [],
        };
    }

    private static bool Is(string type, JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Number => type is "number" or "integer",
        _ => false,
    };

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "null";
}
