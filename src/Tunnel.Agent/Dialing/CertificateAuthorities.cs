using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tunnel.Agent.Dialing;

/// <summary>
/// The authorities that a server's certificate must come from, in place of the machine's. In place of and not beside: who names a
/// private authority means that no public one may speak for the server.
/// </summary>
internal static class CertificateAuthorities
{
    /// <summary>Reads the option's file, or says what is wrong with it in a sentence that names the option.</summary>
    public static bool TryRead(
        string path,
        [NotNullWhen(true)] out X509Certificate2Collection? certificates,
        [NotNullWhen(false)] out string? error,
        string setting = "Tunnel:Agent:CertificateAuthorities")
    {
        certificates = [];
        try
        {
            certificates.ImportFromPemFile(path);
            error = certificates.Count > 0
                ? null
                : $"{setting} names {path}, which holds no certificate. Use a PEM file with the authority's root certificate (-----BEGIN CERTIFICATE-----).";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            error = $"{setting} names {path}, which cannot be read: {exception.Message} Use a PEM file with the authority's root certificate.";
        }

        if (error is null)
        {
            return true;
        }

        certificates = null;
        return false;
    }

    /// <summary>How chains are built and judged. The check of the certificate's name is not part of it and stays as it is.</summary>
    public static X509ChainPolicy ChainPolicy(X509Certificate2Collection certificates)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // as without a policy; a private authority seldom publishes lists
        };
        foreach (var certificate in certificates)
        {
            // Only what signed itself can be a root; the others help to get there.
            var isRoot = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
            (isRoot ? policy.CustomTrustStore : policy.ExtraStore).Add(certificate);
        }

        return policy;
    }
}
