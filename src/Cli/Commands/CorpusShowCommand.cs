using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Worlds;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm corpus show</c>: what a corpus holds, or how a file of training data is read.</summary>
internal sealed class CorpusShowCommand
{
    private readonly Argument<string> _corpus = new("CORPUS") { Description = "The corpus, or a file of training data." };
    private readonly Option<int> _documents = CommonOptions.Count("--documents", "How many documents or episodes to show.", 3, least: 0);
    private readonly Option<string?> _format = DataOptions.Format();
    private readonly Option<bool> _strict = DataOptions.Strict(), _quiet = CommonOptions.Quiet();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Verb _verb;

    private CorpusShowCommand()
    {
        _verb = new Verb("show", "Show what a corpus holds and its first documents, or how a file of training data is read.",
            "psm corpus show data.jsonl --documents 3")
        {
            _corpus, _documents, _format, _strict, _json, _quiet,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new CorpusShowCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string path = parsed.GetValue(_corpus)!;
        if (File.Exists(path)) return ShowData(path, parsed, cancellation);
        using CorpusFolder corpus = CorpusFolder.Open(path);
        int count = parsed.GetValue(_documents);
        IReadOnlyList<WorldDocument> truth = corpus.FirstWithTruth(count);
        string[] texts = truth.Count > 0 ? [.. truth.Select(d => d.Text)]
            : [.. corpus.First(count).Select(d => corpus.Tokenizer.Decode(d))];
        if (parsed.GetValue(_json)) PrintJson(corpus, texts, truth);
        else Print(corpus, texts, truth);
        return ExitCode.Done;
    }

    private int ShowData(string path, ParseResult parsed, CancellationToken cancellation)
    {
        var bad = new PassedOver();
        Action<BadLine>? tell = bad.Unless(parsed.GetValue(_strict));
        EpisodeFormat? format = DataOptions.Parse(parsed.GetValue(_format));
        DataOverview data = bad.ToldAfter(() => Screen.Work(parsed.GetValue(_quiet),
            p => DataOverview.Of(path, format, parsed.GetValue(_documents), tell, p, cancellation)));
        if (parsed.GetValue(_json)) CorpusDataScreen.PrintJson(data);
        else CorpusDataScreen.Print(data);
        return ExitCode.Done;
    }

    private static void PrintJson(CorpusFolder corpus, string[] texts, IReadOnlyList<WorldDocument> truth) => Screen.Data(new
    {
        corpus.Id,
        World = corpus.World?.Name,
        Shards = corpus.ShardCount,
        corpus.Documents,
        corpus.Tokens,
        Vocabulary = corpus.Tokenizer.VocabularySize,
        Tokenizer = corpus.Tokenizer.Id,
        corpus.ContextLength,
        Texts = texts,
        Truth = truth.Select(d => new { d.Genre, d.Characters, d.Decisions, d.LogProbability }),
    });

    private static void Print(CorpusFolder corpus, string[] texts, IReadOnlyList<WorldDocument> truth)
    {
        TextTable.PrintFacts(("corpus", corpus.Id), ("world", corpus.World?.Name), ("shards", corpus.ShardCount),
            ("documents", corpus.Documents.ToString("N0")), ("tokens", corpus.Tokens.ToString("N0")),
            ("vocabulary", corpus.Tokenizer.VocabularySize.ToString("N0")), ("context", corpus.ContextLength));
        foreach ((int i, string text) in texts.Index())
        {
            Console.Out.WriteLine();
            if (truth.Count > 0) Console.Out.WriteLine(About(corpus.World!, truth[i]));
            Console.Out.WriteLine(text);
        }
    }

    private static string About(World world, WorldDocument document) =>
        $"[{document.Genre}: {string.Join("; ", document.Characters.Select(c => Who(world, c)))}]";

    private static string Who(World world, WorldCharacter character)
    {
        IEnumerable<string> poles = world.Traits.Zip(character.Traits, (t, pole) => pole < 0 ? t.Low : t.High);
        return string.Join(", ", new[] { character.Name, character.Nature, character.Archetype }.Where(w => w.Length > 0)
            .Append(string.Join(" ", poles)));
    }
}
