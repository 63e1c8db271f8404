using Tunnel.Cli;

return await TunnelCommand.RunAsync(args, Console.Out, Console.Error);
