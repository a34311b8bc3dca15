using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>
/// An outside check of the whole forward pass: a public model of 260 thousand parameters (karpathy/tinyllamas) must write the text that
/// its own page says it writes. The files are not ours to redistribute: they are looked for in $PSM_DATA, then in ../shared/data beside
/// the checkout.
/// </summary>
public sealed class StoriesGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Greedy_text_is_that_of_the_models_page()
    {
        string data = DataFolder();
        using Transformer model = Load(data);
        GeneratedText text = model.Generate([new([1])], new GenerationOptions { Temperature = 0, MaxTokens = 256, StopAtEnd = false })[0];
        string page = File.ReadAllText(Path.Combine(data, "stories260K.md")).ReplaceLineEndings("\n");
        int start = page.IndexOf("Once upon a time", StringComparison.Ordinal);
        string golden = page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)];
        Assert.Equal(golden, text.Text);
    }

    [Fact]
    public void Its_own_text_is_likely_and_a_shuffled_one_is_not()
    {
        string data = DataFolder();
        using Transformer model = Load(data);
        int[] likely =
            model.Tokenizer.Encode("Once upon a time, there was a little girl named Lily. She loved to play outside in the park.");
        int[] shuffled = [.. likely];
        RngStream.Root(1).Shuffle<int>(shuffled);
        ScoreTable table = model.Score([new([1], [likely, shuffled])]);
        // The page gives a validation loss of 1.3 nats per token; this beginning is more common than most.
        Assert.InRange(-table.LogProbability(0, 0) / likely.Length, 0.05, 1.3);
        Assert.True(table.LogProbability(0, 1) < table.LogProbability(0, 0) - 100);
        Assert.Equal("Once upon a time, there was a little girl named Lily. She loved to play outside in the park.",
            model.Tokenizer.Decode(likely));
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        string data = DataFolder(), bin = _folder["m.bin"], tok = _folder["t.bin"];
        byte[] goodBin = File.ReadAllBytes(Path.Combine(data, "stories260K.bin")),
            goodTok = File.ReadAllBytes(Path.Combine(data, "tok512.bin"));
        UserErrorException Refused(byte[] b, byte[] t)
        {
            File.WriteAllBytes(bin, b);
            File.WriteAllBytes(tok, t);
            return Assert.Throws<UserErrorException>(() => Llama2cFile.Load(bin, tok));
        }
        Assert.Equal("corrupt-checkpoint", Refused(goodBin[..^1], goodTok).Code);
        Assert.Equal("corrupt-checkpoint", Refused(goodBin[..9], goodTok).Code);
        for (int i = 0; i < 28; i++)
        {
            byte[] bad = [.. goodBin];
            bad[i] ^= 0x85;
            Assert.Equal("corrupt-checkpoint", Refused(bad, goodTok).Code);
        }
        Assert.Equal("bad-tokenizer", Refused(goodBin, goodTok[..^1]).Code);
        Assert.Equal("bad-tokenizer", Refused(goodBin, [.. goodTok, 0]).Code);
        File.Delete(bin);
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => Llama2cFile.Load(bin, tok)).Code);
    }

    private static Transformer Load(string data) =>
        Llama2cFile.Load(Path.Combine(data, "stories260K.bin"), Path.Combine(data, "tok512.bin"), 1);

    private static string DataFolder()
    {
        string? named = Environment.GetEnvironmentVariable("PSM_DATA");
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); named is null && at is not null; at = at.Parent)
        {
            string beside = Path.Combine(at.FullName, "shared", "data");
            if (File.Exists(Path.Combine(beside, "stories260K", "stories260K.bin"))) named = beside;
        }
        string folder = Path.Combine(named ?? "", "stories260K");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "stories260K.bin")),
            "stories260K.bin is neither in $PSM_DATA/stories260K nor in ../shared/data/stories260K beside the checkout.");
        return folder;
    }
}
