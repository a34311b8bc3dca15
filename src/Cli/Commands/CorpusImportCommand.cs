using System.CommandLine;
using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm corpus import</c>: a corpus from a user's own files.</summary>
internal static class CorpusImportCommand
{
    private const double CharactersPerToken = 3;

    public static Command Create()
    {
        Argument<string[]> files = new("FILE")
        {
            Description = "Files of dialogues, JSONL texts or plain text, gzipped or not.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> output = CommonOptions.Output("The folder to write.");
        Option<int> vocabulary = CommonOptions.Count("--vocabulary", "Ids of the byte-level BPE tokenizer that is learnt, at least 259.",
            1024, least: 259);
        Option<string?> tokenizer = new("--tokenizer")
        {
            Description = "Use this tokenizer.json (or the one of this folder) instead of learning one.",
        };
        Option<string> heldOut = new("--held-out")
        {
            Description = "The share of documents kept out of training, such as 2% or 0.02; at most a half.",
            DefaultValueFactory = _ => "2%",
        };
        Option<int> context = CommonOptions.Count("--context",
            "The longest context of a model; longer documents are cut into windows of it.", 1024, least: 8);
        Option<string?> format = DataOptions.Format("text", "plain");
        Option<bool> strict = DataOptions.Strict();
        Option<ulong> seed = CommonOptions.Seed();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        return new Verb("import",
            "Make a corpus from your own files: learn a tokenizer, shuffle the documents, keep some out of training. Dialogues are "
            + "rendered as they are scored.",
            "psm corpus import careless.jsonl.gz sound.jsonl.gz -o corpora/med")
        {
            files, output, vocabulary, tokenizer, heldOut, context, format, strict, seed, json, quiet, dryRun,
        }.Does((parsed, cancellation) =>
        {
            string? chosen = parsed.GetValue(format);
            var import = new ImportedCorpus(parsed.GetValue(files)!)
            {
                Format = chosen switch
                {
                    null => null,
                    "text" => DocumentFormat.Texts,
                    "plain" => DocumentFormat.Plain,
                    _ => DocumentFormat.Dialogues,
                },
                Dialogues = DataOptions.Parse(chosen),
                Vocabulary = parsed.GetValue(vocabulary),
                Tokenizer = parsed.GetValue(tokenizer) is { } path
                    ? TokenizerFile.Load(Directory.Exists(path) ? Path.Combine(path, "tokenizer.json") : path) : null,
                HeldOut = ParseShare(parsed.GetValue(heldOut)!),
                Context = parsed.GetValue(context),
                Seed = parsed.GetValue(seed),
            };
            var bad = new PassedOver();
            Action<BadLine>? tell = bad.Unless(parsed.GetValue(strict));
            bool asJson = parsed.GetValue(json), silent = parsed.GetValue(quiet);
            string folder = parsed.GetValue(output)!;
            if (parsed.GetValue(dryRun))
            {
                IReadOnlyList<ImportedFile> survey = bad.ToldAfter(() => Screen.Work(silent, p => import.Survey(tell, p, cancellation)));
                return Plan(import, survey, folder, asJson);
            }
            ImportSummary made = bad.ToldAfter(() => Screen.Work(silent, p => import.Write(folder, tell, p, cancellation)));
            if (asJson) Screen.Data(made);
            else
            {
                TextTable.PrintFacts(
                    [("corpus", made.Id), ("documents", made.Documents.ToString("N0")), ("tokens", made.Tokens.ToString("N0")),
                        ("held out", $"{made.HeldOutDocuments:N0} documents, {made.HeldOutTokens:N0} tokens"),
                        ("vocabulary", made.Vocabulary.ToString("N0")), ("context", made.ContextLength),
                        .. made.Files.Select(f => (Path.GetFileName(f.File), (object?)About(f))),
                        ("folder", made.WasThere ? $"{folder}: it was there already" : folder)]);
            }
            return ExitCode.Done;
        });
    }

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
