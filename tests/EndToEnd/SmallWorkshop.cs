using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>A small corpus and a model trained on it, made once by the commands themselves; tests only read them.</summary>
public sealed class SmallWorkshop : IAsyncLifetime
{
    /// <summary>A few seconds of training, with checkpoints on the way; the corpus is not gone through twice.</summary>
    private const string Tokens = "200k", CorpusTokens = "220k";

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public string Corpus => _folder["village"];

    public string Base => _folder["base"];

    public string Personas => System.IO.Path.Combine(Corpus, "personas.yaml");

    public string Probes => System.IO.Path.Combine(Corpus, "probes.jsonl");

    public string Set(string name) => System.IO.Path.Combine(Corpus, "sets", name + ".jsonl");

    public async ValueTask InitializeAsync()
    {
        await Succeed("corpus", "new", "--tokens", CorpusTokens, "--episodes", "32", "-o", Corpus);
        await Succeed(TrainTo(Base));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The command that made <see cref="Base"/>, to another folder.</summary>
    public string[] TrainTo(string folder) => ["model", "train", "--corpus", Corpus, "--preset", "tiny", "--tokens", Tokens, "-o", folder];

    /// <summary>Runs psm, which must succeed, and gives what it wrote to stdout.</summary>
    public async Task<string> Succeed(params string[] arguments)
    {
        PsmResult result = await PsmProcess.Run(Path, arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    /// <summary>A copy of the base model that a test may break.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetFileName(file)));
    }
}

[CollectionDefinition("workshop")]
public sealed class WorkshopGroup : ICollectionFixture<SmallWorkshop>;
