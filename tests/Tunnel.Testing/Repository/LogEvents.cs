using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Tunnel.Testing;

/// <summary>The log events that an assembly declares.</summary>
internal static class LogEvents
{
    private const BindingFlags All =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>By their ids.</summary>
    public static IEnumerable<LoggerMessageAttribute> Of(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMethods(All))
        .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
        .OfType<LoggerMessageAttribute>()
        .OrderBy(message => message.EventId);
}
