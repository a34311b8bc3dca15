namespace PersonaSelection.Corpus;

/// <summary>What runs of token ids have in common.</summary>
public static class TokenRuns
{
    /// <summary>How many ids both end with.</summary>
    public static int CommonSuffixLength(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        int most = Math.Min(a.Length, b.Length), n = 0;
        while (n < most && a[^(n + 1)] == b[^(n + 1)]) n++;
        return n;
    }
}
