using System.Reflection;
using System.Runtime.InteropServices;

namespace Tunnel.Wire.Identity;

/// <summary>Finds the platform's libsodium and OpenSSL 3, under the names that each platform gives them, and Unix's C library.</summary>
internal static class NativeLibraries
{
    public const string Sodium = "libsodium";
    public const string OpenSsl = "libcrypto";
    public const string C = "libc";

    private static readonly nint SodiumHandle = LoadFirst(SodiumNames());
    private static readonly nint OpenSslHandle = LoadFirst(OpenSslNames());

    // The C library is in every Unix process already; its file has as many names as there are systems.
    private static readonly nint CHandle = OperatingSystem.IsWindows() ? 0 : NativeLibrary.GetMainProgramHandle();

    // An explicit constructor, so that the resolver is in place before the first call into either library.
    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    public static bool HasSodium => SodiumHandle != 0;

    public static bool HasOpenSsl => OpenSslHandle != 0;

    public static bool HasC => CHandle != 0;

    // .23 and .26 differ in calls we do not make.
    private static string[] SodiumNames() =>
        OperatingSystem.IsWindows() ? ["libsodium.dll"]
        : OperatingSystem.IsMacOS() ? ["libsodium.dylib", "/opt/homebrew/lib/libsodium.dylib", "/usr/local/lib/libsodium.dylib"]
        : ["libsodium.so.23", "libsodium.so.26"];

    // Always a name with the version: macOS ends a process that loads plain libcrypto.dylib.
    private static string[] OpenSslNames() =>
        OperatingSystem.IsWindows() ? ["libcrypto-3-x64.dll", "libcrypto-3-arm64.dll", "libcrypto-3.dll"]
        : OperatingSystem.IsMacOS()
            ? ["libcrypto.3.dylib", "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib", "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib"]
        : ["libcrypto.so.3"];

    private static nint LoadFirst(string[] names)
    {
        foreach (var name in names)
        {
            // Neither PATH nor the current directory: a library planted there would see private keys.
            if (NativeLibrary.TryLoad(
                name,
                typeof(NativeLibraries).Assembly,
                DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories,
                out var handle))
            {
                return handle;
            }
        }

        return 0;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) => name switch
    {
        Sodium => SodiumHandle,
        OpenSsl => OpenSslHandle,
        C => CHandle,
        _ => 0,
    };
}
