using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>How a run of psm ended.</summary>
internal sealed record PsmResult(int ExitCode, string Output, string Error)
{
    /// <summary>Exit code 2; on stderr one paragraph that ends with the code, names what it is about, and is no stack trace.</summary>
    public void ShouldBeUserError(string code, params string[] named)
    {
        Assert.True(ExitCode == 2, ToString());
        string paragraph = Error[Math.Max(0, Error.LastIndexOf("psm: ", StringComparison.Ordinal))..].TrimEnd('\n');
        Assert.StartsWith("psm: ", paragraph, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n", paragraph, StringComparison.Ordinal);
        Assert.EndsWith($"[{code}]", paragraph, StringComparison.Ordinal);
        Assert.All(named, n => Assert.Contains(n, paragraph, StringComparison.Ordinal));
        Assert.DoesNotContain("\n   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Error, StringComparison.Ordinal);
        Assert.Empty(Output);
    }

    /// <summary>For messages of failing tests.</summary>
    public override string ToString() => $"exit {ExitCode}\n--- stdout\n{Output}\n--- stderr\n{Error}";
}
