using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Tunnel.Agent.Dialing;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Which certificates of an https target are taken.</summary>
internal sealed class CertificateRule
{
    private const string Machine = "system";
    private const string Any = "any";

    private readonly bool? _takesAny; // null for: from a target on this machine only
    private readonly X509Certificate2Collection? _named;

    private CertificateRule(bool? takesAny, X509Certificate2Collection? named) => (_takesAny, _named) = (takesAny, named);

    /// <summary>Takes the option's value, or says what is wrong with it in a sentence that names the option.</summary>
    public static bool TryRead(
        string? value,
        [NotNullWhen(true)] out CertificateRule? rule,
        [NotNullWhen(false)] out string? error,
        string setting = "Tunnel:Agent:ForwardCertificate")
    {
        (rule, error) = (null, null);
        X509Certificate2Collection? named = null;
        if (value is not (null or Machine or Any) && !CertificateAuthorities.TryRead(value, out named, out error, setting))
        {
            error += $" Or write '{Machine}' for what the machine trusts, '{Any}' for no check.";
            return false;
        }

        rule = new CertificateRule(value is null ? null : value == Any, named);
        return true;
    }

    /// <summary>
    /// How to begin TLS with the target. On this machine nothing is lost without a check: who could stand between the agent and the
    /// target there could as well on plain http.
    /// </summary>
    /// <param name="target">An https target.</param>
    /// <param name="protocol">The one protocol to offer.</param>
    /// <param name="onRefused">Gets what is wrong with a certificate that is not taken.</param>
    public SslClientAuthenticationOptions OptionsFor(ForwardTarget target, SslApplicationProtocol protocol, Action<string> onRefused) => new()
    {
        TargetHost = target.Host,
        ApplicationProtocols = [protocol],
        CertificateChainPolicy = _named is null ? null : CertificateAuthorities.ChainPolicy(_named),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if (errors == SslPolicyErrors.None || (_takesAny ?? target.IsLoopback) || IsNamed(certificate))
            {
                return true;
            }

            onRefused(Describe(target, chain, errors));
            return false;
        },
    };

    private bool IsNamed(X509Certificate? certificate) =>
        certificate is not null && _named?.Any(named => named.RawDataMemory.Span.SequenceEqual(certificate.GetRawCertData())) == true;

    private static string Describe(ForwardTarget target, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it shows none";
        }

        var problems = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            problems.Add($"it is not for {target.Host}");
        }

        problems.AddRange(chain?.ChainStatus.Select(static status => status.StatusInformation.Trim().TrimEnd('.')).Distinct() ?? []);
        return string.Join("; ", problems);
    }
}
