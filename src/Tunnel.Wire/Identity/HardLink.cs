using System.Runtime.InteropServices;

namespace Tunnel.Wire.Identity;

/// <summary>A second name for a file on Unix, which the system gives only if the name is free.</summary>
internal static class HardLink
{
    /// <summary>EEXIST, on Linux, macOS and the BSDs alike.</summary>
    private const int Exists = 17;

    /// <returns>False if the name is taken; null where links cannot be made: Windows, some file systems.</returns>
    public static bool? TryCreate(string existing, string name)
    {
        if (!NativeLibraries.HasC)
        {
            return null;
        }

        return Link(existing, name) == 0 ? true
            : Marshal.GetLastPInvokeError() == Exists ? false
            : null;
    }

    [DllImport(NativeLibraries.C, EntryPoint = "link", SetLastError = true)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
}
