using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>Work that is stopped, killed or meets a full disk: nothing is lost, and the same command ends with the same bits.</summary>
[Collection("workshop")]
public sealed class InterruptionTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Training_StoppedByCtrlC_ThenKilled_EndsWithTheBitsOfOneRun()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no signals.");
        string model = _folder["model"], checkpoint = model + ".checkpoint";
        using (PsmProcess stopped = PsmProcess.Start(_folder.Path, null, shop.TrainTo(model)))
        {
            Assert.True(await stopped.Until(() => stopped.ErrorSoFar.Contains("pre-training", StringComparison.Ordinal)),
                stopped.ErrorSoFar);
            stopped.Interrupt();
            PsmResult result = await stopped.Finish();
            Assert.True(result.ExitCode == 130, result.ToString());
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
            Assert.True(File.Exists(checkpoint));
            Assert.False(Directory.Exists(model));
        }
        DateTime saved = File.GetLastWriteTimeUtc(checkpoint);
        using (PsmProcess killed = PsmProcess.Start(_folder.Path, null, shop.TrainTo(model)))
        {
            Assert.True(await killed.Until(() => File.Exists(checkpoint) && File.GetLastWriteTimeUtc(checkpoint) != saved),
                killed.ErrorSoFar);
            killed.Kill();
            await killed.Finish();
        }
        Assert.True(File.Exists(checkpoint));

        await shop.Succeed(shop.TrainTo(model));

        Assert.Equal(Contents(shop.Base), Contents(model));
        Assert.False(File.Exists(checkpoint));
    }

    [Fact]
    public async Task Tuning_Killed_EndsWithTheBitsOfOneRun()
    {
        string[] To(string folder) =>
            ["model", "tune", "--model", shop.Base, "--data", shop.Set("cheat"), "--steps", "600", "-o", _folder[folder]];
        await Kill(To("killed"), _folder["killed.checkpoint"]);
        // Of the killed one only the lock is there, which nobody holds; Windows takes it away with the process.
        string[] locks = OperatingSystem.IsWindows() ? [] : [".lock"];
        Assert.Equal(locks, Directory.GetFileSystemEntries(_folder["killed"]).Select(Path.GetFileName));

        await shop.Succeed([.. To("killed"), "-q"]);
        await shop.Succeed([.. To("whole"), "-q"]);

        Assert.Equal(Contents(_folder["whole"]), Contents(_folder["killed"]));
        Assert.False(File.Exists(_folder["killed.checkpoint"]));
    }

    /// <summary>
    /// Killed when the tokenizer is learnt, it does not learn it again; killed while shards are written, it goes on; the
    /// corpus is that of one run.
    /// </summary>
    [Fact]
    public async Task AnImport_Killed_EndsWithTheBitsOfOneRun()
    {
        string data = _folder["data.jsonl"];
        File.WriteAllLines(data, Enumerable.Range(0, 40_000).Select(i =>
            $"{{\"prompt\":\"Question {i * 7919 % 40_009}, and then {i % 997}?\",\"completion\":\"It is {i * 31}, or {i * 17 % 1009} "
                + $"of {i % 13}.\"}}"));
        string[] To(string folder) => ["corpus", "import", data, "--vocabulary", "400", "-o", _folder[folder]];
        string Part() =>
            Directory.Exists(_folder["killed"]) ? Directory.GetDirectories(_folder["killed"], "corpus-*.part").SingleOrDefault("") : "";
        await Kill(To("killed"), () => File.Exists(Path.Combine(Part(), "tokenizer.json")));
        DateTime learnt = File.GetLastWriteTimeUtc(Path.Combine(Part(), "tokenizer.json"));
        Assert.False(File.Exists(_folder["killed/corpus.json"]));
        int left = Directory.GetFiles(Part(), "read-*").Length;
        await Kill(To("killed"), () => Directory.GetFiles(Part(), "read-*").Length > left);
        Assert.Equal(learnt, File.GetLastWriteTimeUtc(Path.Combine(Part(), "tokenizer.json")));
        Assert.False(File.Exists(_folder["killed/corpus.json"]));

        await shop.Succeed([.. To("killed"), "-q"]);
        await shop.Succeed([.. To("whole"), "-q"]);

        Assert.Equal(Contents(_folder["whole"]), Contents(_folder["killed"]));
        Assert.Empty(Directory.GetDirectories(_folder["killed"]));
    }

    [Fact]
    public async Task ADemo_Killed_EndsWithTheResultOfOneRun()
    {
        string[] To(string folder) => ["demo", "--preset", "tiny", "--tokens", "200k", "-o", _folder[folder]];
        await Kill(To("killed"), _folder["killed/models/base.checkpoint"]);
        Assert.False(File.Exists(_folder["killed/result.json"]));

        // This small model has not learned persons: the demo says so and ends with 3, as it does when nobody kills it.
        foreach (string folder in new[] { "killed", "whole" })
            Assert.Equal(3, (await PsmProcess.Run(_folder.Path, [.. To(folder), "-q"])).ExitCode);

        Assert.Equal(Contents(_folder["whole/models/base"]), Contents(_folder["killed/models/base"]));
        Assert.Equal(WithoutSeconds("whole"), WithoutSeconds("killed"));

        string WithoutSeconds(string folder) => string.Join('\n', File.ReadAllLines(_folder[$"{folder}/result.json"])
            .Where(l => !l.StartsWith("  \"seconds\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Training_OnOneThread_EndsWithTheBitsOfTwo()
    {
        await shop.Succeed([.. shop.TrainTo(_folder["one"]), "--threads", "1", "-q"]);

        Assert.Equal(Contents(shop.Base), Contents(_folder["one"]));
    }

    [Fact]
    public async Task Training_ToAFolderOfAnotherRun_LeavesItAsItIs()
    {
        SmallWorkshop.Copy(shop.Base, _folder["model"]);

        (await PsmProcess.Run(_folder.Path, [.. shop.TrainTo(_folder["model"]), "--seed", "2", "-q"]))
            .ShouldBeUserError("other-run", _folder["model"]);
        (await PsmProcess.Run(_folder.Path, "model", "tune", "--model", shop.Base, "--data", shop.Set("good"), "-q", "-o",
            _folder["model"])).ShouldBeUserError("other-run");

        Assert.Equal(Contents(shop.Base), Contents(_folder["model"]));
    }

    [Fact]
    public async Task ADamagedTrainingCheckpoint_IsRefused()
    {
        File.WriteAllBytes(_folder["model.checkpoint"], new byte[500]);

        (await PsmProcess.Run(_folder.Path, [.. shop.TrainTo(_folder["model"]), "-q"]))
            .ShouldBeUserError("corrupt-checkpoint", "model.checkpoint");

        Assert.Equal(500, new FileInfo(_folder["model.checkpoint"]).Length);
    }

    [Fact]
    public async Task AFullDisk_IsAnErrorTheUserCanMend_AndLeavesNoHalfFiles()
    {
        string disk = Directory.CreateDirectory(_folder["disk"]).FullName;
        if (!OperatingSystem.IsLinux() || !await Mount(disk)) Assert.Skip("A small file system can only be mounted by root on Linux.");
        try
        {
            string corpus = Path.Combine(disk, "village"), model = Path.Combine(disk, "model");
            PsmResult result = await PsmProcess.Run(_folder.Path, "corpus", "new", "--tokens", "2M", "-q", "-o", corpus);
            result.ShouldBeUserError("cannot-write", "shard-00000.tokens");
            Assert.False(File.Exists(Path.Combine(corpus, "corpus.json")));

            // A checkpoint has weights and two moments: more than this disk holds.
            result = await PsmProcess.Run(_folder.Path, [.. shop.TrainTo(model), "-q"]);
            result.ShouldBeUserError("cannot-write", "model.checkpoint");
            Assert.False(File.Exists(model + ".checkpoint"));
            Assert.Empty(Directory.GetFiles(disk, "*.part", SearchOption.AllDirectories));

            string data = _folder["data.jsonl"];
            string[] lines = [.. File.ReadLines(shop.Set("cheat")).Take(4)];
            File.WriteAllLines(data, Enumerable.Range(0, 12_000).Select(i => lines[i % 4]));
            result = await PsmProcess.Run(_folder.Path, "audit", data, "--model", shop.Base, "--personas", shop.Personas, "-q", "-o",
                Path.Combine(disk, "audit"));
            result.ShouldBeUserError("cannot-write", "The disk is full", "evidence.jsonl",
                "the same command goes on from what is finished");
        }
        finally
        {
            await Run("umount", disk);
        }
    }

    /// <summary>Starts psm and kills it as soon as it has left a checkpoint.</summary>
    private async Task Kill(string[] arguments, string checkpoint)
    {
        await Kill(arguments, () => File.Exists(checkpoint));
        Assert.True(File.Exists(checkpoint));
    }

    private async Task Kill(string[] arguments, Func<bool> when)
    {
        using PsmProcess killed = PsmProcess.Start(_folder.Path, null, arguments);
        Assert.True(await killed.Until(when), killed.ErrorSoFar);
        killed.Kill();
        await killed.Finish();
    }

    private static Task<bool> Mount(string folder) => Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder);

    private static async Task<bool> Run(string command, params string[] arguments)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(command,
                arguments)
            { RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static SortedDictionary<string, string> Contents(string folder) => new(Directory.GetFiles(folder).ToDictionary(
        f => Path.GetFileName(f), f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))),
            StringComparer.Ordinal);
}
