using System.Security.Cryptography;
using System.Text;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Connect;

/// <summary>
/// What a resume has to show: the token that the last link brought, or, until that link has proved that its token arrived, one of those
/// before it that no link has proved: an answer may be lost, and an attempt that was given up may be handled late. Only hashes are kept.
/// Not for concurrent use; the session has the lock.
/// </summary>
internal sealed class ResumeTokens
{
    private const int Size = 32;

    /// <summary>Answers that may be lost one after the other.</summary>
    private const int MostUnproved = 8;

    private readonly List<byte[]> _valid = []; // the last one is the current one; the first may be one that was proved

    /// <summary>
    /// The token of the first link, or of one that begins the session again because its first answer was lost. It may also not have been,
    /// and this attempt be one that was given up before: the tokens before stay valid.
    /// </summary>
    public string First() => Create();

    /// <param name="shown">What the agent has.</param>
    /// <param name="currentArrived">Whether the agent has shown that it got the current one.</param>
    /// <returns>The token of the next link, or null if what was shown is none.</returns>
    public string? Next(string shown, bool currentArrived)
    {
        if (currentArrived)
        {
            _valid.RemoveRange(0, _valid.Count - 1);
        }

        var hash = Hash(shown);
        var isValid = false;
        foreach (var known in _valid)
        {
            isValid |= CryptographicOperations.FixedTimeEquals(hash, known);
        }

        return isValid ? Create() : null;
    }

    private string Create()
    {
        if (_valid.Count == MostUnproved)
        {
            _valid.RemoveAt(1); // the first is the one that the agent has for certain
        }

        var token = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(Size));
        _valid.Add(Hash(token));
        return token;
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
