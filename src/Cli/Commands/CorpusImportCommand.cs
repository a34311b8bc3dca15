using System.CommandLine;
using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm corpus import</c>: a corpus from a user's own files.</summary>
internal sealed class CorpusImportCommand
{
    private const double CharactersPerToken = 3;

    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "Files of dialogues, JSONL texts or plain text, gzipped or not.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _output = CommonOptions.Output("The folder to write.");

    private readonly Option<int> _vocabulary = CommonOptions.Count("--vocabulary",
        "Ids of the byte-level BPE tokenizer that is learnt, at least 259.", 1024, least: 259);

    private readonly Option<string?> _tokenizer = new("--tokenizer")
    {
        Description = "Use this tokenizer.json (or the one of this folder) instead of learning one.",
    };

    private readonly Option<string> _heldOut = new("--held-out")
    {
        Description = "The share of documents kept out of training, such as 2% or 0.02; at most a half.",
        DefaultValueFactory = _ => "2%",
    };

    private readonly Option<int> _context = CommonOptions.Count("--context",
        "The longest context of a model; longer documents are cut into windows of it.", 1024, least: 8);

    private readonly Option<string?> _format = DataOptions.Format("text", "plain");
    private readonly Option<bool> _strict = DataOptions.Strict();
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private CorpusImportCommand()
    {
        _verb = new Verb("import",
            "Make a corpus from your own files: learn a tokenizer, shuffle the documents, keep some out of training. Dialogues are "
            + "rendered as they are scored.",
            "psm corpus import careless.jsonl.gz sound.jsonl.gz -o corpora/med")
        {
            _files, _output, _vocabulary, _tokenizer, _heldOut, _context, _format, _strict, _seed, _json, _quiet, _dryRun,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new CorpusImportCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        ImportedCorpus import = Inputs(parsed);
        var bad = new PassedOver();
        Action<BadLine>? tell = bad.Unless(parsed.GetValue(_strict));
        bool asJson = parsed.GetValue(_json), silent = parsed.GetValue(_quiet);
        string folder = parsed.GetValue(_output)!;
        if (parsed.GetValue(_dryRun))
        {
            IReadOnlyList<ImportedFile> survey = bad.ToldAfter(() => Screen.Work(silent, p => import.Survey(tell, p, cancellation)));
            return Plan(import, survey, folder, asJson);
        }
        ImportSummary made = bad.ToldAfter(() => Screen.Work(silent, p => import.Write(folder, tell, p, cancellation)));
        if (asJson) Screen.Data(made);
        else Print(made, folder);
        return ExitCode.Done;
    }

    private ImportedCorpus Inputs(ParseResult parsed)
    {
        string? chosen = parsed.GetValue(_format);
        return new ImportedCorpus(parsed.GetValue(_files)!)
        {
            Format = chosen switch
            {
                null => null,
                "text" => DocumentFormat.Texts,
                "plain" => DocumentFormat.Plain,
                _ => DocumentFormat.Dialogues,
            },
            Dialogues = DataOptions.Parse(chosen),
            Vocabulary = parsed.GetValue(_vocabulary),
            Tokenizer = parsed.GetValue(_tokenizer) is { } path
                ? TokenizerFile.Load(Directory.Exists(path) ? Path.Combine(path, "tokenizer.json") : path) : null,
            HeldOut = ParseShare(parsed.GetValue(_heldOut)!),
            Context = parsed.GetValue(_context),
            Seed = parsed.GetValue(_seed),
        };
    }

    private static void Print(ImportSummary made, string folder) => TextTable.PrintFacts(
        [("corpus", made.Id), ("documents", made.Documents.ToString("N0")), ("tokens", made.Tokens.ToString("N0")),
            ("held out", $"{made.HeldOutDocuments:N0} documents, {made.HeldOutTokens:N0} tokens"),
            ("vocabulary", made.Vocabulary.ToString("N0")), ("context", made.ContextLength),
            .. made.Files.Select(f => (Path.GetFileName(f.File), (object?)About(f))),
            ("folder", made.WasThere ? $"{folder}: it was there already" : folder)]);

    private static int Plan(ImportedCorpus import, IReadOnlyList<ImportedFile> files, string? folder, bool json)
    {
        long documents = files.Sum(f => f.Documents), characters = files.Sum(f => f.Characters),
            tokens = (long)(characters / CharactersPerToken);
        // Twice while it is shuffled.
        long bytes = tokens * (import.Vocabulary <= 1 << 16 ? 2 : 4) + 8 * documents;
        if (json)
            Screen.Data(
                new { Documents = documents, Characters = characters, Tokens = tokens, Bytes = bytes, Files = files, Folder = folder });
        else
            TextTable.PrintFacts([("documents", documents.ToString("N0")), ("characters", characters.ToString("N0")),
                ("tokens", $"about {tokens:N0}"), .. files.Select(f => (Path.GetFileName(f.File), (object?)About(f))), ("disk",
                $"about {Math.Max(1, bytes * 1e-6):0} MB{(folder is null ? "" : $" in {folder}")}, twice that while it is shuffled")]);
        return ExitCode.Done;
    }

    private static string About(ImportedFile file) =>
        $"{file.Documents:N0} documents" + (file.BadLines > 0 ? $", {file.BadLines:N0} bad lines" : "");

    private static double ParseShare(string text)
    {
        string digits = text.Trim().TrimEnd('%');
        double unit = text.Contains('%', StringComparison.Ordinal) ? 0.01 : 1;
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value * unit is >= 0 and <= 0.5
            ? value * unit
            : throw new UserErrorException("bad-number", $"'{text}' is not a share of documents.",
                "Write it as 2% or 0.02; at most a half.");
    }
}
