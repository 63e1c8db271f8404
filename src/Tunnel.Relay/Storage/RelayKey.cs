using System.Security.Cryptography;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Storage;

/// <summary>The relay's own key pair, made on first start and kept, by which agents can tell this relay from any other.</summary>
internal sealed class RelayKey : IDisposable
{
    public const string FileName = "relay-key.json";

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly SigningKey _key;

    private RelayKey(SigningKey key) => _key = key;

    public PublicKey PublicKey => _key.PublicKey;

    /// <exception cref="RelayStorageException">The file is broken, open to others, or holds a key that this machine cannot use.</exception>
    public static RelayKey Open(DataFolder folder)
    {
        var file = new JsonFile<RelayKeyDocument>(folder, FileName, StorageJson.Default.RelayKeyDocument);
        RefuseIfOpenToOthers(file.Path);
        if (file.Read() is { } document)
        {
            return new RelayKey(Import(file, document));
        }

        var key = SigningKey.Create();
        var privateKey = key.ExportPrivateKey();
        file.Write(new RelayKeyDocument { PublicKey = key.PublicKey.Text, PrivateKey = Base64UrlText.Encode(privateKey) });
        CryptographicOperations.ZeroMemory(privateKey);
        return new RelayKey(key);
    }

    /// <summary>What goes with <c>registered</c> and <c>resumed</c>.</summary>
    public string Sign(string agentNonce, string relayNonce, string audience, string session, int epoch) =>
        RelayProof.Sign(_key, agentNonce, relayNonce, audience, session, epoch);

    public void Dispose() => _key.Dispose();

    public override string ToString() => PublicKey.Fingerprint;

    private static SigningKey Import(JsonFile<RelayKeyDocument> file, RelayKeyDocument document)
    {
        if (!PublicKey.TryParse(document.PublicKey, out var publicKey) || !Base64UrlText.TryDecode(document.PrivateKey, out var privateKey))
        {
            throw file.Broken("Its publicKey is none, or its privateKey is not base64url.");
        }

        try
        {
            var key = SigningKey.Import(publicKey.Algorithm, privateKey);
            if (key.PublicKey.Equals(publicKey))
            {
                return key;
            }

            key.Dispose();
            throw file.Broken("Its publicKey does not belong to its privateKey.");
        }
        catch (CryptographicException)
        {
            throw file.Broken("Its privateKey is no key.");
        }
        catch (PlatformNotSupportedException unsupported)
        {
            throw new RelayStorageException($"The relay's key in {file.Path} cannot be used: {unsupported.Message}", unsupported);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(privateKey);
        }
    }

    private static void RefuseIfOpenToOthers(string path)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new RelayStorageException(
                $"Other users of this machine can read or change the relay's private key in {path}. Run: chmod 600 \"{path}\"");
        }
    }
}
