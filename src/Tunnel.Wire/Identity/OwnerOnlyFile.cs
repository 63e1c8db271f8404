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

    /// <summary>Writes a temporary file beside <paramref name="path"/>, down to the disk, and then renames it.</summary>
    /// <exception cref="IOException">Among others: <paramref name="replace"/> is false and the file is there already.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool replace)
    {
        var temporary = $"{path}.{Path.GetRandomFileName()}{TemporaryExtension}";
        try
        {
            using (var stream = new FileStream(temporary, Options(FileMode.CreateNew)))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            // Without replacing, this is a hard link on Unix: of two processes exactly one wins.
            File.Move(temporary, path, replace);
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
}
