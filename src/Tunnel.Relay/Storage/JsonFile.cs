using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Storage;

/// <summary>One concern's state, in one file that is replaced as a whole. Not for concurrent use; its owner has the lock.</summary>
internal sealed class JsonFile<T>(DataFolder folder, string name, JsonTypeInfo<T> type)
    where T : class
{
    public string Path { get; } = System.IO.Path.Combine(folder.Path, name);

    /// <returns>Null if the file is not there yet.</returns>
    /// <exception cref="RelayStorageException">It is there and cannot be read; it is never overwritten then.</exception>
    public T? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path), type) ?? throw Broken("It is empty.");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException failure)
        {
            throw Broken(failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RelayStorageException(
                $"The relay's file {Path} cannot be read: {failure.Message} Give this user access to it.", failure);
        }
    }

    /// <summary>When this returns, the content is on the disk; when it throws, the old content still is.</summary>
    /// <exception cref="RelayStorageException">The disk is full, read-only or gone.</exception>
    public void Write(T content)
    {
        try
        {
            OwnerOnlyFile.Replace(Path, JsonSerializer.SerializeToUtf8Bytes(content, type));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RelayStorageException(
                $"The relay's file {Path} cannot be written: {failure.Message} Nothing has been changed; make room or give this user access.",
                failure);
        }
    }

    public RelayStorageException Broken(string reason) => new(
        $"The relay's file {Path} is broken: {reason} Restore it from a backup, or move it away to start without what it held.");
}
