using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tunnel.Packages.Tests.PublicApi;

/// <summary>The public surface of an assembly as text that reads like C#, in an order that does not change from build to build.</summary>
internal static class ApiText
{
    /// <summary>In front of the line that says why a type has to be public.</summary>
    public const string Why = "// Public because ";

    /// <param name="assembly">The built assembly.</param>
    /// <param name="reasons">Why each type is public, by its line.</param>
    public static string Of(Assembly assembly, IReadOnlyDictionary<string, string> reasons)
    {
        var text = new StringBuilder();
        text.Append($"// The public surface of {assembly.GetName().Name}, as it was built and approved.\n");
        foreach (var types in assembly.GetExportedTypes().GroupBy(type => type.Namespace).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append($"\nnamespace {types.Key}\n");
            foreach (var type in types.OrderBy(type => type.Name, StringComparer.Ordinal))
            {
                Append(text, type, reasons);
            }
        }

        return text.ToString();
    }

    /// <summary>The reasons in a text that was written before, each by the line of its type.</summary>
    public static Dictionary<string, string> ReasonsIn(string text)
    {
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        var reason = "";
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith(Why, StringComparison.Ordinal))
            {
                reason = line[Why.Length..];
            }
            else if (reason.Length > 0 && !line.StartsWith('['))
            {
                reasons[NameIn(line)] = reason;
                reason = "";
            }
        }

        return reasons;
    }

    private static void Append(StringBuilder text, Type type, IReadOnlyDictionary<string, string> reasons)
    {
        var declaration = Declaration(type);
        text.Append($"\n    {Why}{reasons.GetValueOrDefault(NameIn(declaration), "")}".TrimEnd()).Append('\n');
        foreach (var attribute in AttributeText.Of(type.GetCustomAttributesData()))
        {
            text.Append($"    {attribute}\n");
        }

        text.Append($"    {declaration}\n    {{\n");
        foreach (var member in MemberText.Of(type))
        {
            text.Append($"        {member}\n");
        }

        text.Append("    }\n");
    }

    private static string Declaration(Type type)
    {
        var kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}{(IsRecord(type) ? "record " : "")}struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            _ => $"{(type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "")}{(IsRecord(type) ? "record" : "class")}",
        };
        var name = type.DeclaringType is { } outer ? $"{outer.Name}.{type.Name}" : TypeText.Of(type);
        string[] bases = type.IsEnum ? [] : [.. Bases(type)];
        return $"public {kind} {name}{(bases.Length > 0 ? " : " + string.Join(", ", bases) : "")}";
    }

    private static IEnumerable<string> Bases(Type type)
    {
        var inherited = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? parent : null;
        var interfaces = type.GetInterfaces().Except(inherited?.GetInterfaces() ?? [])
            .Where(one => one.IsPublic && !(IsRecord(type) && one == typeof(IEquatable<>).MakeGenericType(type)));
        return (inherited is null ? [] : new[] { TypeText.Of(inherited) }).Concat(interfaces.Select(one => TypeText.Of(one)).Order(StringComparer.Ordinal));
    }

    private static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance, [typeof(StringBuilder)]) is not null;

    /// <summary>The type's name in a declaration, which goes on up to its base types.</summary>
    private static string NameIn(string declaration) => declaration.Split(" : ")[0].Split(' ')[^1];
}
