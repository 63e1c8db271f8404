using System.Security.Cryptography;
using System.Text.Json;
using Tunnel.Wire.Identity;

namespace Tunnel.Agent.Identity;

/// <summary>The file <c>tunnel.json</c>: readable by its owner only, there in full or not at all.</summary>
internal sealed class AgentCredentialsFile(string path)
{
    /// <summary>Many times what the file needs; keeps a mistaken path from being read into memory whole.</summary>
    private const int MaxLength = 64 * 1024;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public string Path { get; } = path;

    public static string DefaultPath()
    {
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return data.Length > 0
            ? System.IO.Path.Combine(data, "tunnel", "agent", "tunnel.json")
            : throw new AgentCredentialsException(
                "This user has no folder for application data to keep the agent's key in. Set Tunnel:Agent:CredentialsFile to the path of a file.");
    }

    /// <returns>Null if there is no file.</returns>
    public AgentCredentialsDocument? Read()
    {
        try
        {
            using var stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            RefuseIfOpenToOthers(stream);
            return stream.Length <= MaxLength
                ? JsonSerializer.Deserialize(stream, AgentCredentialsJson.Default.AgentCredentialsDocument) ?? throw Broken("it is empty")
                : throw Broken("it is too long");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            // The parser's own message is left out: it can quote what it stumbled over.
            throw Broken("it is not the JSON that an agent writes");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unusable("read", failure);
        }
    }

    /// <returns>False if there is a file already, which stays as it is.</returns>
    public bool TryCreate(AgentCredentialsDocument document)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(document, AgentCredentialsJson.Default.AgentCredentialsDocument);
        try
        {
            OwnerOnlyFile.CreateFolder(System.IO.Path.GetDirectoryName(Path)!);
            return OwnerOnlyFile.TryCreate(Path, json);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unusable("written", failure);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(json);
        }
    }

    public AgentCredentialsException Broken(string reason) => new(
        $"The agent's credentials file {Path} is broken: {reason}. Restore it from a backup, or delete it to start with a new key, which the relay then has to be told.");

    private AgentCredentialsException Unusable(string verb, Exception failure) => new(
        $"The agent's credentials file {Path} cannot be {verb}: {failure.Message} Give this user access to it, or set Tunnel:Agent:CredentialsFile to another path.",
        failure);

    private void RefuseIfOpenToOthers(FileStream stream)
    {
        // Asked of the open file and not of its name, which could be another file by now.
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(stream.SafeFileHandle) & Others) != 0)
        {
            throw new AgentCredentialsException(
                $"Other users of this machine can read or change the agent's private key in {Path}. Run: chmod 600 \"{Path}\"");
        }
    }
}
