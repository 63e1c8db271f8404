namespace Tunnel.Wire.Identity;

/// <summary>Files that only their owner may read, and that appear under their name all at once or not at all.</summary>
internal static class OwnerOnlyFile
{
    public const string TemporaryExtension = ".tmp";

    private const UnixFileMode FileMode0600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode FolderMode0700 = FileMode0600 | UnixFileMode.UserExecute;

    /// <summary>A folder that is there already keeps its mode: it may hold other things of the owner's.</summary>
    public static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            // A user's profile is closed to other users by its own access list.
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, FolderMode0700);
        }
    }

    /// <summary>Puts the content, once it is on the disk, in the place of what was there.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = WriteTemporary(path, content);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Of several processes that do this at once, exactly one succeeds.</summary>
    /// <returns>False if there is a file already, which stays as it is.</returns>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content)
    {
        var temporary = WriteTemporary(path, content);
        try
        {
            // File.Move looks first and renames then, so on Unix the second of two would replace the first one's file.
            return HardLink.TryCreate(temporary, path) ?? TryMove(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode0600;
        }

        return options;
    }

    private static bool TryMove(string temporary, string path)
    {
        try
        {
            File.Move(temporary, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    private static string WriteTemporary(string path, ReadOnlySpan<byte> content)
    {
        var temporary = $"{path}.{Path.GetRandomFileName()}{TemporaryExtension}";
        using var stream = new FileStream(temporary, Options(FileMode.CreateNew));
        try
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
            return temporary;
        }
        catch
        {
            // The disk is full, say; half a secret is not left behind.
            File.Delete(temporary);
            throw;
        }
    }
}
