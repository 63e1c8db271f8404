using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Tunnel.Packages.Tests.PublicApi;

/// <summary>The public members of a type as C# declares them: those that somebody wrote, not those that a record is given.</summary>
internal static class MemberText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)},");
        }

        var nullability = new NullabilityInfoContext();
        return
        [
            .. InOrder(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily), field => Field(field, nullability)),
            .. InOrder(type.GetConstructors(Declared).Where(Seen), constructor => Constructor(type, constructor, nullability)),
            .. InOrder(
                type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(Seen) && !IsCompilers(property)),
                property => Property(property, nullability)),
            .. InOrder(type.GetEvents(Declared).Where(raised => Seen(raised.AddMethod!)), raised => Event(raised, nullability)),
            .. InOrder(
                type.GetMethods(Declared).Where(method => Seen(method) && !method.IsSpecialName && !IsCompilers(method)),
                method => Method(method, nullability)),
        ];
    }

    private static IEnumerable<string> InOrder<T>(IEnumerable<T> members, Func<T, string> text)
        where T : MemberInfo =>
        from member in members
        let line = text(member)
        orderby member.Name, line.Length, line
        select line;

    private static bool Seen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsCompilers(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute)) || member is PropertyInfo { Name: "EqualityContract" };

    private static string Field(FieldInfo field, NullabilityInfoContext nullability)
    {
        var type = TypeText.Of(field.FieldType, nullability.Create(field));
        return field.IsLiteral
            ? $"public const {type} {field.Name} = {Value(field.FieldType, field.GetRawConstantValue())};"
            : $"public {(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name};";
    }

    private static string Constructor(Type type, ConstructorInfo constructor, NullabilityInfoContext nullability) =>
        $"{Access(constructor)} {type.Name}({Parameters(constructor, nullability)});";

    private static string Property(PropertyInfo property, NullabilityInfoContext nullability)
    {
        var set = property.SetMethod is { } setter && Seen(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;"
            : "";
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{Prefix(property, property.GetMethod!)}{required}{TypeText.Of(property.PropertyType, nullability.Create(property))} {property.Name} {{ get;{set} }}";
    }

    private static string Event(EventInfo raised, NullabilityInfoContext nullability) =>
        $"{Prefix(raised, raised.AddMethod!)}event {TypeText.Of(raised.EventHandlerType!, nullability.Create(raised))} {raised.Name};";

    private static string Method(MethodInfo method, NullabilityInfoContext nullability)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        var result = TypeText.Of(method.ReturnType, nullability.Create(method.ReturnParameter));
        return $"{Prefix(method, method)}{result} {method.Name}{generic}({Parameters(method, nullability)});";
    }

    private static string Prefix(MemberInfo member, MethodBase accessor)
    {
        var attributes = AttributeText.Inline(member.GetCustomAttributesData());
        if (member.DeclaringType!.IsInterface)
        {
            return attributes;
        }

        var kind = accessor.IsStatic ? "static " : accessor.IsAbstract ? "abstract " : accessor is { IsVirtual: true, IsFinal: false } ? "virtual " : "";
        return $"{attributes}{Access(accessor)} {kind}";
    }

    private static string Access(MethodBase method) => method.IsPublic ? "public" : "protected";

    private static string Parameters(MethodBase method, NullabilityInfoContext nullability)
    {
        var extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return extension + string.Join(", ", method.GetParameters().Select(parameter =>
            $"{AttributeText.Inline(parameter.GetCustomAttributesData())}{TypeText.Of(parameter.ParameterType, nullability.Create(parameter))} {parameter.Name}"
            + (parameter.HasDefaultValue ? $" = {Value(parameter.ParameterType, parameter.RawDefaultValue)}" : "")));
    }

    private static string Value(Type type, object? value) => value switch
    {
        null => type.IsValueType ? "default" : "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ when type.IsEnum => $"{type.Name}.{Enum.ToObject(type, value)}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
