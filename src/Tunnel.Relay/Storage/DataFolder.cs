using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Storage;

/// <summary>
/// The folder with the relay's state, held by one process at a time: two would each replace what the other has written.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private const string LockFile = "lock";
    private const string IgnoreFile = ".gitignore";

    private readonly FileStream _held;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _held = held;
    }

    public string Path { get; }

    /// <param name="path">An absolute path; the folder is made if it is not there.</param>
    /// <exception cref="RelayStorageException">Another process holds it, or it cannot be written to.</exception>
    public static DataFolder Open(string path)
    {
        try
        {
            var isNew = !Directory.Exists(path);
            OwnerOnlyFile.CreateFolder(path);
            var held = Hold(path);
            RemoveLeftovers(path);
            if (isNew)
            {
                // By default it lies in the app's source, and the relay's private key is no part of that.
                OwnerOnlyFile.TryCreate(System.IO.Path.Combine(path, IgnoreFile), "*\n"u8);
            }

            return new DataFolder(path, held);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RelayStorageException(
                $"The relay's data folder {path} cannot be used: {failure.Message} Give this user access to it, or set Tunnel:Relay:DataDirectory to another folder.",
                failure);
        }
    }

    // The lock goes with the process, however it ends; the file stays, since removing it could remove another process's lock.
    public void Dispose() => _held.Dispose();

    private static FileStream Hold(string path)
    {
        var file = System.IO.Path.Combine(path, LockFile);
        try
        {
            return new FileStream(file, OwnerOnlyFile.Options(FileMode.OpenOrCreate));
        }
        catch (IOException failure) when (failure.GetType() == typeof(IOException) && File.Exists(file))
        {
            throw new RelayStorageException(
                $"The relay's data folder {path} is in use by another relay process. Stop that one, or set Tunnel:Relay:DataDirectory of this one to another folder.",
                failure);
        }
    }

    /// <summary>Of a process that ended while it was writing; what it was writing was never acknowledged.</summary>
    private static void RemoveLeftovers(string path)
    {
        foreach (var leftover in Directory.GetFiles(path, "*" + OwnerOnlyFile.TemporaryExtension))
        {
            File.Delete(leftover);
        }
    }
}
