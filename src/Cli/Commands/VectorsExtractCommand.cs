using System.CommandLine;
using System.CommandLine.Parsing;
using PersonaSelection.Activations;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm vectors extract</c>: what personas or traits add to a model's activations.</summary>
internal sealed class VectorsExtractCommand
{
    private readonly Argument<string?> _data = new("DATA")
    {
        Description = "Episodes as JSONL that follow the personas' contexts; without them, each persona is read off its own examples.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _output = CommonOptions.Output("The folder of the directions."), _model = CommonOptions.Model(),
        _personas = PersonasCommand.Personas();

    private readonly Option<string?> _site = new("--site")
    {
        Description = "Where to read, such as blocks.1.resid_post; after the middle block when absent.",
    };

    private readonly Option<string?> _positions = new("--positions")
    {
        Description = "Which tokens count: opening (the one that predicts the reply's first), reply (those that predict one of the "
            + "reply), episode (all of its own but the last); opening when absent, of examples reply.",
    };

    private readonly Option<string> _baseline = new("--baseline")
    {
        Description = "What is subtracted: bare (the same episodes without a context) or mean (over the personas).",
        DefaultValueFactory = _ => "bare",
    };

    private readonly Option<bool> _traits = new("--traits")
    {
        Description = "Directions of the traits in place of the personas, by a regression on the values that the file gives.",
    };

    private readonly Option<int> _most = CommonOptions.Count("--episodes", "Read from at most so many different episodes.", 256);
    private readonly Option<string?> _format = DataOptions.Format();
    private readonly Option<bool> _strict = DataOptions.StrictOfEpisodes();
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private VectorsExtractCommand()
    {
        _positions.AcceptOnlyFromAmong("opening", "reply", "episode");
        _baseline.AcceptOnlyFromAmong("bare", "mean");
        _verb = new Verb("extract",
            "Read directions of personas or traits off a model: mean activations with a persona's context before the "
            + "episodes, less a baseline.",
            "psm vectors extract village/sets/good.jsonl --model base --personas village/personas.yaml -o directions")
        {
            _data, _output, _model, _personas, _site, _positions, _baseline, _traits, _most, _format, _strict, _seed, _threads, _json,
            _quiet, _dryRun,
        };
        _verb.Validators.Add(Check);
        _verb.Does(Run);
    }

    public static Command Create() => new VectorsExtractCommand()._verb;

    private void Check(CommandResult r)
    {
        if (r.GetValue(_data) is not null) return;
        if (r.GetResult(_format) is not null || r.GetResult(_strict) is { Implicit: false })
            r.AddError("--format and --strict belong to DATA.");
        if (r.GetResult(_baseline) is { Implicit: false } && r.GetValue(_baseline) == "bare")
            r.AddError(
                "Without DATA every persona has examples of its own, and there are none without a persona: leave out --baseline bare.");
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        (DirectionRun run, long badLines) = Inputs(parsed, cancellation);
        using ModelFolder source = ModelFolder.Open(parsed.GetValue(_model)!, parsed.GetValue(_threads));
        if (parsed.GetValue(_dryRun)) return Plan(run, source.Model, badLines, parsed.GetValue(_json));
        string folder = parsed.GetValue(_output)!;
        AtomicFile.RequireWritable(folder);
        ExtractedDirections extracted = Screen.Work(parsed.GetValue(_quiet), p => run.Run(source, p, cancellation));
        DirectionSet found = extracted.Set;
        CutEpisodes.Tell([.. extracted.Cut.Select(c => (c.Episode, c.Cut.Unread))]);
        if (File.Exists(Path.Combine(folder, "manifest.json")) && DirectionSet.Load(folder).Id != found.Id)
            throw new UserErrorException("other-directions", $"{folder} holds other directions.",
                "Choose another folder with -o, or delete this one.");
        found.Save(folder);
        VectorsShowCommand.Tell(folder, found, parsed.GetValue(_json),
            new DataRead(badLines, extracted.Cut.Count, extracted.Cut.Count(c => c.Cut.Unread is not null)));
        return ExitCode.Done;
    }

    private (DirectionRun Run, long BadLines) Inputs(ParseResult parsed, CancellationToken cancellation)
    {
        PersonaSet set = PersonaSet.Load(parsed.GetValue(_personas)!);
        (EpisodeSet? read, long badLines) = parsed.GetValue(_data) is { } file
            ? DataOptions.Load(file, parsed.GetValue(_format), parsed.GetValue(_strict), cancellation) : ((EpisodeSet?)null, 0L);
        IReadOnlyList<Episode> episodes = read?.Episodes ?? [];
        string word = parsed.GetValue(_positions) ?? (episodes.Count > 0 ? "opening" : "reply");
        return (new DirectionRun(set, episodes)
        {
            Site = parsed.GetValue(_site),
            Positions = Enum.Parse<ReadPositions>(word, ignoreCase: true),
            Baseline = parsed.GetValue(_baseline) == "mean" ? DirectionBaseline.Mean : DirectionBaseline.Bare,
            Traits = parsed.GetValue(_traits),
            MostEpisodes = parsed.GetValue(_most),
            Seed = parsed.GetValue(_seed),
            Strict = parsed.GetValue(_strict),
        }, badLines);
    }

    private static int Plan(DirectionRun run, Transformer model, long badLines, bool json)
    {
        (IReadOnlyList<Episode> read, IReadOnlyList<Episode> measured) = run.Split();
        string site = run.SiteOf(model.Config);
        int contexts = run.Contexts;
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
