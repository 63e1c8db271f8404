using System.Reflection;
using System.Runtime.Loader;

namespace Tunnel.Browser.Tests.Blazor;

/// <summary>The script that a page of an interactive Blazor app loads.</summary>
internal static class BlazorScript
{
    private const string Name = "_framework/blazor.web.js";

    public static byte[] Read()
    {
        var library = typeof(BlazorScript).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "BlazorScriptLibrary").Value!;
        var context = new AssemblyLoadContext(nameof(BlazorScript), isCollectible: true);
        try
        {
            using var script = context.LoadFromAssemblyPath(library).GetManifestResourceStream(Name)!;
            using var bytes = new MemoryStream();
            script.CopyTo(bytes);
            return bytes.ToArray();
        }
        finally
        {
            context.Unload();
        }
    }
}
