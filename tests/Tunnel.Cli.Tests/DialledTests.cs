using Tunnel.Cli.Relaying;

namespace Tunnel.Cli.Tests;

/// <summary>The address that the relay tells people to dial.</summary>
public sealed class DialledTests
{
    [Theory]
    [InlineData("http://127.0.0.1:6100", null, null, "http://127.0.0.1:6100")]
    [InlineData("http://0.0.0.0:6100", null, null, "http://127.0.0.1:6100")]
    [InlineData("http://[::]:6100", null, null, "http://127.0.0.1:6100")]
    [InlineData("http://127.0.0.1:6100", "localhost", null, "http://localhost:6100")]
    [InlineData("http://127.0.0.1:6100", "tunnel.example.com", null, "http://127.0.0.1:6100")]
    [InlineData("http://0.0.0.0:6100", null, "http://192.168.1.20:6100", "http://192.168.1.20:6100")]
    public void IsOneThatCanBeTyped(string listening, string? domain, string? publicUrl, string expected) =>
        Assert.Equal(expected, RelayApp.Dialled(Settings(domain, publicUrl), listening));

    private static RelaySettings Settings(string? domain, string? publicUrl) =>
        new([], publicUrl is null ? null : new Uri(publicUrl), domain, "", [], [], null, Development: true, Json: false);
}
