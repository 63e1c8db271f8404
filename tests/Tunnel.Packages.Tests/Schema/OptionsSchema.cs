using System.Reflection;
using System.Text.Json.Nodes;

namespace Tunnel.Packages.Tests.Schema;

/// <summary>The JSON schema of an options class: its properties that configuration can set, with their documentation and their defaults.</summary>
internal sealed class OptionsSchema(XmlDocs docs)
{
    /// <summary>What <see cref="TimeSpan"/> reads: days, or days, hours, minutes and seconds.</summary>
    private const string TimeSpanPattern =
        @"^-?(\d{1,7}|((\d{1,7}[\.:])?(([01]?\d|2[0-3]):[0-5]?\d|([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d)(\.\d{1,7})?))$";

    public static IEnumerable<PropertyInfo> Settings(Type options) =>
        options.GetProperties().Where(property => !typeof(Delegate).IsAssignableFrom(property.PropertyType));

    /// <summary>The file that is packed: where the options live in <c>appsettings.json</c>, and the package's category of logs.</summary>
    public static JsonObject Of(Package package)
    {
        var schema = new OptionsSchema(new XmlDocs(package.Assembly)).Object(package.Options);
        foreach (var part in package.Section.Split(':').Reverse())
        {
            schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { [part] = schema } };
        }

        return new JsonObject
        {
            ["definitions"] = new JsonObject
            {
                ["logLevel"] = new JsonObject
                {
                    ["properties"] = new JsonObject
                    {
                        [package.Name] = new JsonObject { ["$ref"] = "#/definitions/logLevelThreshold" },
                    },
                },
            },
            ["type"] = "object",
            ["properties"] = schema["properties"]!.DeepClone(),
        };
    }

    private JsonObject Object(Type options)
    {
        var defaults = Activator.CreateInstance(options)!;
        var properties = new JsonObject();
        foreach (var property in Settings(options).OrderBy(property => property.Name, StringComparer.Ordinal))
        {
            var schema = OfType(property.PropertyType);
            schema["description"] = $"{docs.Of(property, "summary")} {docs.Of(property, "value")}".Trim();
            if (Default(property.GetValue(defaults)) is { } value)
            {
                schema["default"] = value;
            }

            properties[property.Name] = schema;
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
    }

    private JsonObject OfType(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
        {
            return new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => JsonValue.Create(name))]) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>))
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = OfType(type.GetGenericArguments()[1]) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>))
        {
            return new JsonObject { ["type"] = "array", ["items"] = OfType(type.GetGenericArguments()[0]) };
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => new JsonObject { ["type"] = "boolean" },
            TypeCode.Int32 or TypeCode.Int64 => new JsonObject { ["type"] = "integer" },
            TypeCode.Double => new JsonObject { ["type"] = "number" },
            TypeCode.String => new JsonObject { ["type"] = "string" },
            _ when type == typeof(Uri) => new JsonObject { ["type"] = "string", ["format"] = "uri" },
            _ when type == typeof(TimeSpan) => new JsonObject { ["type"] = "string", ["pattern"] = TimeSpanPattern },
            _ when type.Assembly == typeof(object).Assembly => throw new NotSupportedException($"Say how {type} is written in JSON."),
            _ => Object(type),
        };
    }

    private static JsonNode? Default(object? value) => value switch
    {
        bool flag => flag,
        long number => number,
        int number => number,
        string text => text,
        TimeSpan time => time.ToString("c"),
        Enum choice => choice.ToString(),
        _ => null,
    };
}
