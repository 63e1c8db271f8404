using System.Runtime.InteropServices;

namespace Tunnel.Cli.Output;

/// <summary>Windows' older console shows escape sequences as text until a program asks it not to.</summary>
internal static class WindowsConsole
{
    private const int StandardOutput = -11;
    private const int StandardError = -12;
    private const uint VirtualTerminalProcessing = 4;

    /// <summary>Asks; true on every other system.</summary>
    public static bool TakesEscapeSequences() =>
        !OperatingSystem.IsWindows() || (Enable(StandardOutput) & Enable(StandardError));

    private static bool Enable(int which)
    {
        var handle = GetStdHandle(which);
        // No console behind a handle, which is redirected, needs nothing.
        return !GetConsoleMode(handle, out var mode)
            || (mode & VirtualTerminalProcessing) != 0
            || SetConsoleMode(handle, mode | VirtualTerminalProcessing);
    }

    [DllImport("kernel32.dll")]
    private static extern nint GetStdHandle(int which);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetConsoleMode(nint handle, out uint mode);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleMode(nint handle, uint mode);
}
