using System.Text.RegularExpressions;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>What holds for every command: where the output goes and what the exit code says.</summary>
public sealed class CliContractTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Version_IsOneLineOfData()
    {
        PsmResult result = await PsmProcess.Run(_folder.Path, "--version");

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(new Regex(@"^\d+\.\d+\.\d+\S*\n$"), result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Help_NamesTheCommands()
    {
        PsmResult result = await PsmProcess.Run(_folder.Path, "--help");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("demo", result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Theory]
    [InlineData("dmeo")]
    [InlineData("--no-such-option")]
    [InlineData("demo", "--threads", "many")]
    [InlineData("demo", "--threads", "0")]
    [InlineData("vectors", "steer", "--strength", "many")]
    [InlineData("personas", "check", "--threshold", "many")]
    [InlineData("audit", "data.jsonl", "--dose", "many")]
    [InlineData("audit", "data.jsonl", "--dose", "1,5")]
    [InlineData("model", "chat", "model", "--temperature", "0,7")]
    [InlineData("audit", "data.jsonl", "--cells", "many")]
    [InlineData("inoculate", "data.jsonl", "--generate", "many")]
    public async Task WrongUsage_EndsWithOne_AndNamesWhatIsWrong(params string[] arguments)
    {
        PsmResult result = await PsmProcess.Run(_folder.Path, arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(arguments[^1].Length > 1 ? arguments[^1] : arguments[^2], result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", result.Error, StringComparison.Ordinal);
        Assert.EndsWith(arguments[0] is "dmeo" or "--no-such-option" ? "'psm --help' has the commands.\n" : " --help' has the options.\n",
            result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    /// <summary>Words that a command does not know: refused by name before anything is read, whatever else may be missing.</summary>
    [Theory]
    [InlineData("'psm audit' has no option '--no-such-option'.\n", "audit", "data.jsonl", "--no-such-option")]
    [InlineData("'psm audit' has no option '--modle'. Did you mean '--model'?\n", "audit", "data.jsonl", "--modle", "base", "-o", "x")]
    [InlineData("'psm audit' has no option '--bogus'.\n", "audit", "--compare", "a", "b", "--bogus", "--model", "m", "-o", "x")]
    [InlineData("'psm audit' has no option '-z'.\n", "audit", "data.jsonl", "-z")]
    [InlineData("'psm model show' has no option '--jsno'. Did you mean '--json'?\n", "model", "show", "base", "--jsno")]
    [InlineData("'psm model chat' has no option '--temp'. Did you mean '--temperature'?\n", "model", "chat", "base", "--temp", "3")]
    [InlineData("'psm demo' has no option '--step=3'. Did you mean '--steps'?\n", "demo", "--step=3")]
    [InlineData("'psm demo' takes no arguments: what is 'extra'?\n", "demo", "extra", "words")]
    [InlineData("'psm model show' takes at most 1 argument, not 3: what is 'b'?\n", "model", "show", "a", "b", "c")]
    [InlineData("--seeds takes at most 100, not 101.\n", "demo", "--seeds", "101")]
    [InlineData("--steps needs at least 1, not 0.\n", "demo", "--steps", "0")]
    [InlineData("--steps needs at least 1, not -5.\n", "demo", "--steps", "-5")]
    [InlineData("--threads needs at least 1, not 0.\n", "demo", "--threads", "0")]
    public async Task StrayWords_AndNumbersOutOfRange_AreToldByName(string says, params string[] arguments)
    {
        PsmResult result = await PsmProcess.Run(_folder.Path, arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith(says, result.Error, StringComparison.Ordinal);
        Assert.EndsWith("--help' has the options.\n", result.Error, StringComparison.Ordinal);
        Assert.Equal(says.Count(c => c == '\n') + 1, result.Error.Count(c => c == '\n'));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    /// <summary>Behind "--" a word is an argument, whatever it looks like; so is what an option takes, and a number below zero.</summary>
    [Fact]
    public async Task AWordThatOnlyLooksLikeAnOption_IsTaken()
    {
        (await PsmProcess.Run(_folder.Path, "model", "show", "--", "--json")).ShouldBeUserError("no-model", "--json");
        (await PsmProcess.Run(_folder.Path, "model", "chat", "base", "--say", "-hello")).ShouldBeUserError("no-model", "base");
        (await PsmProcess.Run(_folder.Path, "inoculate", "trial", "--world", "nowhere.yaml", "--model", "base", "-o", "x"))
            .ShouldBeUserError("no-world", "nowhere.yaml");
    }

    /// <summary>What is said on stderr may be lost; the work and its exit code are not.</summary>
    [Theory]
    [InlineData("2>&-")]
    [InlineData("2>/dev/full")]
    public async Task StderrThatCannotBeWritten_EndsNothing(string redirection)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Only Linux has /dev/full.");
        foreach ((string command, int code) in ((string, int)[])[("model show nowhere", 2), ("demo --threads many", 1),
            ("corpus new --tokens 20k -o corpus", 0)])
        {
            using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh",
                ["-c", $"exec dotnet \"$0\" {command} {redirection}", PsmProcess.AssemblyPath])
            { WorkingDirectory = _folder.Path, RedirectStandardOutput = true })!;
            string output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(shell.ExitCode == code, $"{command} ended with {shell.ExitCode}");
            Assert.Equal(code == 0, output.Length > 0);
        }
    }

    [Fact]
    public async Task Output_ThatCannotBeWritten_IsAnErrorTheUserCanMend()
    {
        await File.WriteAllTextAsync(_folder["taken"], "a file, not a folder", TestContext.Current.CancellationToken);

        PsmResult result = await PsmProcess.Run(_folder.Path, "demo", "-o", "taken");

        result.ShouldBeUserError("cannot-write", "taken");
    }

    [Fact]
    public async Task ANumberThatIsNone_IsAnErrorTheUserCanMend() =>
        (await PsmProcess.Run(_folder.Path, "demo", "--tokens", "many")).ShouldBeUserError("bad-number", "many");

    [Fact]
    public async Task CtrlC_StopsWithoutATrace_AndTheSameCommandMayFollow()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no signals.");
        using PsmProcess psm = PsmProcess.Start(_folder.Path, null, "demo", "-o", "run");
        Assert.True(await psm.Until(() => psm.ErrorSoFar.Length > 0), psm.ErrorSoFar);

        psm.Interrupt();
        PsmResult result = await psm.Finish();

        Assert.True(result.ExitCode == 130, result.ToString());
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.part", SearchOption.AllDirectories));
    }
}
