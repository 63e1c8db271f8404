using System.Reflection;

namespace Tunnel.Packages.Tests.PublicApi;

/// <summary>Types as C# writes them, with the nullability of references.</summary>
internal static class TypeText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    public static string Of(Type type, NullabilityInfo? nullability = null)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Of(value) + "?";
        }

        var mark = !type.IsValueType && nullability?.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[]{mark}";
        }

        if (!type.IsGenericType)
        {
            return Keywords.GetValueOrDefault(type, type.Name) + mark;
        }

        var arguments = type.GetGenericArguments()
            .Select((argument, i) => Of(argument, nullability is { GenericTypeArguments: var infos } && i < infos.Length ? infos[i] : null));
        return $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", arguments)}>{mark}";
    }
}
