using System.CommandLine;
using PersonaSelection.Activations;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm vectors extract</c>: what personas or traits add to a model's activations.</summary>
internal static class VectorsExtractCommand
{
    public static Command Create()
    {
        Argument<string?> data = new("DATA")
        {
            Description = "Episodes as JSONL that follow the personas' contexts; without them, each persona is read off its own examples.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string> output = CommonOptions.Output("The folder of the directions."), model = CommonOptions.Model(),
            personas = PersonasCommand.Personas();
        Option<string?> site = new("--site")
        {
            Description = "Where to read, such as blocks.1.resid_post; after the middle block when absent.",
        };
        Option<string?> positions = new("--positions")
        {
            Description = "Which tokens count: opening (the one that predicts the reply's first), reply (those that predict one of the "
                + "reply), episode (all of its own); opening when absent, of examples reply.",
        };
        positions.AcceptOnlyFromAmong("opening", "reply", "episode");
        Option<string> baseline = new("--baseline")
        {
            Description = "What is subtracted: bare (the same episodes without a context) or mean (over the personas).",
            DefaultValueFactory = _ => "bare",
        };
        baseline.AcceptOnlyFromAmong("bare", "mean");
        Option<bool> traits = new("--traits")
        {
            Description = "Directions of the traits in place of the personas, by a regression on the values that the file gives.",
        };
        Option<int> most = CommonOptions.Count("--episodes", "Read from at most so many different episodes.", 256);
        Option<string?> format = DataOptions.Format();
        Option<bool> strict = DataOptions.StrictOfEpisodes();
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        var verb = new Verb("extract",
            "Read directions of personas or traits off a model: mean activations with a persona's context before the "
            + "episodes, less a baseline.",
            "psm vectors extract village/sets/good.jsonl --model base --personas village/personas.yaml -o directions")
        {
            data, output, model, personas, site, positions, baseline, traits, most, format, strict, seed, threads, json, quiet, dryRun,
        };
        verb.Validators.Add(r =>
        {
            if (r.GetValue(data) is null && (r.GetResult(format) is not null || r.GetResult(strict) is { Implicit: false }))
                r.AddError("--format and --strict belong to DATA.");
            if (r.GetValue(data) is null && r.GetResult(baseline) is { Implicit: false } && r.GetValue(baseline) == "bare")
                r.AddError(
                    "Without DATA every persona has examples of its own, and there are none without a persona: leave out --baseline bare.");
        });
        return verb.Does((parsed, cancellation) =>
        {
            PersonaSet set = PersonaSet.Load(parsed.GetValue(personas)!);
            (EpisodeSet? read, long badLines) = parsed.GetValue(data) is { } file
                ? DataOptions.Load(file, parsed.GetValue(format), parsed.GetValue(strict)) : ((EpisodeSet?)null, 0L);
            IReadOnlyList<Episode> episodes = read?.Episodes ?? [];
            string word = parsed.GetValue(positions) ?? (episodes.Count > 0 ? "opening" : "reply");
            var run = new DirectionRun(set, episodes)
            {
                Site = parsed.GetValue(site),
                Positions = Enum.Parse<ReadPositions>(word, ignoreCase: true),
                Baseline = parsed.GetValue(baseline) == "mean" ? DirectionBaseline.Mean : DirectionBaseline.Bare,
                Traits = parsed.GetValue(traits),
                MostEpisodes = parsed.GetValue(most),
                Seed = parsed.GetValue(seed),
                Strict = parsed.GetValue(strict),
            };
            using ModelFolder source = ModelFolder.Open(parsed.GetValue(model)!, parsed.GetValue(threads));
            if (parsed.GetValue(dryRun)) return Plan(run, source.Model, badLines, parsed.GetValue(json));
            string folder = parsed.GetValue(output)!;
            AtomicFile.RequireWritable(folder);
            ExtractedDirections extracted = Screen.Work(parsed.GetValue(quiet), p => run.Run(source, p, cancellation));
            DirectionSet found = extracted.Set;
            CutEpisodes.Tell([.. extracted.Cut.Select(c => (c.Episode, c.Cut.Unread))]);
            if (File.Exists(Path.Combine(folder, "manifest.json")) && DirectionSet.Load(folder).Id != found.Id)
                throw new UserErrorException("other-directions", $"{folder} holds other directions.",
                    "Choose another folder with -o, or delete this one.");
            found.Save(folder);
            VectorsShowCommand.Tell(folder, found, parsed.GetValue(json),
                new DataRead(badLines, extracted.Cut.Count, extracted.Cut.Count(c => c.Cut.Unread is not null)));
            return ExitCode.Done;
        });
    }

    private static int Plan(DirectionRun run, Transformer model, long badLines, bool json)
    {
        (IReadOnlyList<Episode> read, IReadOnlyList<Episode> measured) = run.Split();
        string site = run.SiteOf(model.Config);
        int contexts = run.Personas.Personas.Sum(p => Math.Max(1, p.Contexts.Count));
        int personas = run.Personas.Personas.Count;
        if (json)
            Screen.Data(new
            {
                Model = model.Id,
                Site = site,
                Personas = personas,
                Contexts = contexts,
                Episodes = read.Count,
                Measured = measured.Count,
                BadLines = badLines,
                Cost = 0,
            });
        else
        {
            string episodes = run.Episodes.Count == 0
                ? "the personas' own examples" : $"{read.Count} to read from, {measured.Count} to measure the strength on";
            TextTable.PrintFacts(("model", model.Id), ("site", site), ("personas", $"{personas} in {contexts} contexts"),
                ("episodes", episodes), ("cost", "none: the model runs here"));
        }
        return ExitCode.Done;
    }
}
