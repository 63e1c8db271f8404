using System.Security.Cryptography;
using Tunnel.Wire.Identity;

namespace Tunnel.Agent.Identity;

/// <summary>Who this agent is: its key and the server id the key belongs to.</summary>
internal sealed class AgentCredentials : IDisposable
{
    private AgentCredentials(string serverId, SigningKey key)
    {
        ServerId = serverId;
        Key = key;
    }

    public string ServerId { get; }

    public SigningKey Key { get; }

    /// <summary>Reads the file, or makes a key and the file if there is none.</summary>
    /// <param name="path">The file; null for <see cref="AgentCredentialsFile.DefaultPath"/>.</param>
    /// <param name="time">Says when the key was made.</param>
    /// <exception cref="AgentCredentialsException">The file cannot be used.</exception>
    public static AgentCredentials LoadOrCreate(string? path, TimeProvider time)
    {
        var file = new AgentCredentialsFile(path is null ? AgentCredentialsFile.DefaultPath() : Path.GetFullPath(path));
        if (file.Read() is { } existing)
        {
            return Open(file, existing);
        }

        var key = SigningKey.Create();
        if (file.TryCreate(Describe(key, time)))
        {
            return new AgentCredentials(key.PublicKey.ServerId, key);
        }

        // Another process was faster. Its key counts, so that this machine has one identity.
        key.Dispose();
        return Open(file, file.Read() ?? throw file.Broken("it was removed while it was being read"));
    }

    public void Dispose() => Key.Dispose();

    public override string ToString() => $"{ServerId} ({Key})";

    private static AgentCredentialsDocument Describe(SigningKey key, TimeProvider time)
    {
        var privateKey = key.ExportPrivateKey();
        var document = new AgentCredentialsDocument
        {
            ServerId = key.PublicKey.ServerId,
            Alg = key.PublicKey.Algorithm.HeaderName(),
            PrivateKey = Base64UrlText.Encode(privateKey),
            PublicKey = key.PublicKey.Text,
            RegisteredAt = time.GetUtcNow(),
        };
        CryptographicOperations.ZeroMemory(privateKey);
        return document;
    }

    private static AgentCredentials Open(AgentCredentialsFile file, AgentCredentialsDocument document)
    {
        if (KeyAlgorithmNames.FromHeaderName(document.Alg) is not { } algorithm)
        {
            throw file.Broken("its alg is neither EdDSA nor ES256");
        }

        if (document.ServerId.Length == 0 || !Base64UrlText.TryDecode(document.PrivateKey, out var privateKey))
        {
            throw file.Broken("its serverId is empty or its privateKey is not base64url");
        }

        var key = Import(file, algorithm, privateKey);
        if (key.PublicKey.Text != document.PublicKey)
        {
            key.Dispose();
            throw file.Broken("its publicKey does not belong to its privateKey");
        }

        return new AgentCredentials(document.ServerId, key);
    }

    private static SigningKey Import(AgentCredentialsFile file, KeyAlgorithm algorithm, byte[] privateKey)
    {
        try
        {
            return SigningKey.Import(algorithm, privateKey);
        }
        catch (CryptographicException)
        {
            throw file.Broken("its privateKey is no key of its alg");
        }
        catch (PlatformNotSupportedException unsupported)
        {
            throw new AgentCredentialsException($"The key in {file.Path} cannot be used: {unsupported.Message}", unsupported);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }
}
