using Tunnel.Cli;
using Tunnel.Cli.Output;

return await TunnelCommand.RunAsync(args, new Terminal(Console.Out, Console.Error, TerminalTraits.Detect()));
