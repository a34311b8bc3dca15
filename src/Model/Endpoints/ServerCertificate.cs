using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PersonaSelection.Model;

/// <summary>Why a server's certificate is not taken, in words for whoever gave the address.</summary>
internal static class ServerCertificate
{
    /// <param name="host">The name or number in the address.</param>
    /// <param name="certificate">What the server shows; null when nothing.</param>
    /// <param name="chain">Who vouches for it.</param>
    /// <param name="errors">What was found.</param>
    public static string Trouble(string host, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return "it shows no certificate";
        var troubles = new List<string>();
        X509ChainStatusFlags flags = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status)
            ?? X509ChainStatusFlags.NoError;
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
            troubles.Add("its certificate, or that of who vouches for it, is out of date "
                + $"(valid from {Day(certificate.NotBefore)} to {Day(certificate.NotAfter)})");
        if ((flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
            troubles.Add(certificate.Subject == certificate.Issuer ? "its certificate is signed by itself"
                : $"its certificate was issued by '{certificate.Issuer}', which this machine does not trust");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            troubles.Add($"its certificate is for {Names(certificate)}, not for '{host}'");
        if (troubles.Count == 0)
            troubles.Add($"its certificate cannot be trusted ({string.Join(", ", chain?.ChainStatus.Select(s => $"{s.Status}") ?? [])})");
        return string.Join("; ", troubles);
    }

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Names(X509Certificate2 certificate)
    {
        string[] names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => $"{a}"))).Select(n => $"'{n}'").Take(4)];
        return names.Length > 0 ? string.Join(", ", names) : $"'{certificate.Subject}'";
    }
}
