using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tunnel.Packages.Tests;

/// <summary>The documentation that is packed beside an assembly.</summary>
internal sealed partial class XmlDocs
{
    private readonly Dictionary<string, XElement> _members;

    public XmlDocs(Assembly assembly)
    {
        var file = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"), LoadOptions.PreserveWhitespace);
        _members = file.Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);
    }

    /// <summary>The code of every example, with the member that it explains.</summary>
    public IEnumerable<(string Member, string Code)> Examples =>
        from member in _members
        from example in member.Value.Elements("example")
        from code in example.Elements("code")
        select (member.Key, code.Value);

    public bool HasExample(string member) => _members[member].Element("example")?.Element("code") is not null;

    /// <summary>What the documentation of a property says in its summary or its value, as plain text; empty if it says nothing.</summary>
    public string Of(PropertyInfo property, string element)
    {
        var member = _members.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}");
        while (member?.Element("inheritdoc")?.Attribute("cref")?.Value is { } other)
        {
            member = _members.GetValueOrDefault(other);
        }

        var text = new StringBuilder();
        foreach (var node in member?.Element(element)?.Nodes() ?? [])
        {
            text.Append(Plain(node));
        }

        return Spaces().Replace(text.ToString(), " ").Trim();
    }

    private static string Plain(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see when see.Attribute("langword") is { } word => word.Value,
        XElement { Name.LocalName: "see" } see when see.Attribute("cref") is { } cref => Name(cref.Value),
        XElement element => string.Concat(element.Nodes().Select(Plain)),
        _ => "",
    };

    /// <summary>The last part of a cref, with its type where it is a value of an enumeration or the like.</summary>
    private static string Name(string cref) => cref.Split('(')[0].Split('.')[^1];

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
