using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Tunnel.Packages.Tests.PublicApi;

/// <summary>The attributes that are a promise to a caller, or a warning.</summary>
internal static class AttributeText
{
    private static readonly HashSet<Type> Shown =
    [
        typeof(FlagsAttribute),
        typeof(ObsoleteAttribute),
        typeof(ExperimentalAttribute),
        typeof(EditorBrowsableAttribute),
        typeof(RequiresUnreferencedCodeAttribute),
        typeof(RequiresDynamicCodeAttribute),
        typeof(DynamicallyAccessedMembersAttribute),
        typeof(NotNullWhenAttribute),
        typeof(NotNullAttribute),
        typeof(AllowNullAttribute),
        typeof(MaybeNullWhenAttribute),
    ];

    public static IEnumerable<string> Of(IEnumerable<CustomAttributeData> attributes) =>
        from attribute in attributes
        where Shown.Contains(attribute.AttributeType)
        let name = attribute.AttributeType.Name[..^"Attribute".Length]
        let arguments = string.Join(", ", attribute.ConstructorArguments.Select(argument => argument.ToString()))
        orderby name
        select arguments.Length == 0 ? $"[{name}]" : $"[{name}({arguments})]";

    public static string Inline(IEnumerable<CustomAttributeData> attributes) => string.Concat(Of(attributes).Select(text => text + " "));
}
