using System.Net;
using System.Net.Sockets;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests;

/// <summary>A run of the command in this process: what it printed where, and its exit code.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    public static async Task<CommandRun> OfAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var exitCode = await TunnelCommand.RunAsync(
            args, new Terminal(output, errors, TerminalTraits.Plain), TestContext.Current.CancellationToken);
        return new CommandRun(exitCode, output.ToString(), errors.ToString());
    }

    /// <summary>A loopback port that is taken for as long as the listener lives.</summary>
    public static TcpListener TakePort(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }

    /// <summary>A loopback port where nothing listens.</summary>
    public static int FreePort()
    {
        using var listener = TakePort(out var port);
        return port;
    }
}
