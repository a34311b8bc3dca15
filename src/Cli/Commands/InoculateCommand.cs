using System.CommandLine;
using System.CommandLine.Parsing;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Lab;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm inoculate</c>: rewordings of a data set, ranked before any training, with their leak grids.</summary>
internal sealed class InoculateCommand
{
    private const string Best = "best";

    private readonly Argument<string> _data = new("DATA") { Description = "Episodes as JSONL: what is about to be trained on." };
    private readonly Option<string> _output = CommonOptions.Output("The folder of the ranking.");
    private readonly Option<string?> _model = new("--model")
    {
        Description = "The folder of the model before training; when absent, the endpoint is asked, which must give "
            + "log-probabilities, or --samples.",
    };

    private readonly EndpointOptions _endpoint = new();
    private readonly Option<string> _personas = PersonasCommand.Personas(), _probes = PersonasCommand.Probes();
    private readonly Option<int> _generate = CommonOptions.Count("--generate",
        "Let the endpoint's model write this many rewordings after reading some episodes.", 0, least: 0);
    private readonly Option<string?> _rewordings = new("--rewordings")
    {
        Description = "Your own rewordings (YAML, or .txt with one a line), beside the library.",
    };

    private readonly Option<bool> _own = new("--own-only") { Description = "Leave the library out." };
    private readonly Option<string?> _format = DataOptions.Format();
    private readonly Option<bool> _strict = DataOptions.StrictOfEpisodes();
    private readonly Option<string[]> _domains = new("--domain")
    {
        Description = "A domain that the data trains on; may be given more than once. When absent: as in psm forecast.",
    };

    private readonly Option<int> _grids = CommonOptions.Count("--grids", "How many of the best get a leak grid.", 3, least: 0);
    private readonly Option<string?> _apply = new("--apply")
    {
        Description = "Write the data with the rewording of this name; best for the first in the ranking.",
    };

    private readonly Option<string?> _reworded = new("--out") { Description = "Where the reworded data goes." };
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Option<int?> _samples;
    private readonly Verb _verb;

    private InoculateCommand()
    {
        _verb = new Verb("inoculate",
            "Rank rewordings of a training file by how much of its effect elsewhere they prevent, before any training, and show what "
            + "would leak.", "psm inoculate village/sets/cheat.jsonl --model base --personas village/personas.yaml \\\n"
            + "  --probes village/probes.jsonl --rewordings village/rewordings.yaml -o inoculation")
        {
            _data, _output, _model, _personas, _probes, _rewordings, _own, _generate, _domains, _grids, _apply, _reworded, _format, _strict,
            _seed, _threads, _json, _quiet, _dryRun,
            InoculateTrialCommand.Create(),
        };
        _endpoint.AddTo(_verb);
        _samples = _endpoint.AddSamples(_verb);
        _verb.Validators.Add(Check);
        _verb.Does(Run);
    }

    public static Command Create() => new InoculateCommand()._verb;

    private void Check(CommandResult r)
    {
        bool asks = r.GetValue(_generate) > 0, served = _endpoint.Given(r);
        if (r.GetResult(_model) is null && !served) r.AddError("Give --model or --endpoint.");
        if (asks && !served) r.AddError("--generate needs --endpoint.");
        if (r.GetResult(_model) is not null && served && !asks)
            r.AddError("Beside --model, --endpoint is only asked for rewordings: give --generate.");
        if (r.GetResult(_model) is not null && r.GetResult(_samples) is { Implicit: false })
            r.AddError("--samples asks the endpoint in place of --model.");
        if ((r.GetResult(_apply) is null) != (r.GetResult(_reworded) is null)) r.AddError("--apply and --out are given together.");
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        RefuseInPlace(parsed);
        if (parsed.GetValue(_reworded) is not null) EpisodeFile.RequireLasting(parsed.GetValue(_data)!);
        ForecastInputs inputs = ForecastInputs.Load(parsed.GetValue(_data)!, parsed.GetValue(_format), parsed.GetValue(_strict),
            parsed.GetValue(_personas)!, parsed.GetValue(_probes)!, parsed.GetValue(_domains), cancellation);
        IReadOnlyList<Rewording> list = Candidates(parsed);
        string? folder = parsed.GetValue(_output);
        ulong seed = parsed.GetValue(_seed);
        int grids = parsed.GetValue(_grids);
        using EndpointSession? session = _endpoint.OpenIfGiven(parsed, folder, cancellation);
        ChatRewordings? writer = Asks(parsed) ? new ChatRewordings(session!.Chat(), parsed.GetValue(_generate), seed) : null;
        using ModelFolder? source = parsed.GetValue(_model) is { } place ? ModelFolder.Open(place, parsed.GetValue(_threads)) : null;
        if (parsed.GetValue(_dryRun))
        {
            AskedCost? asked = parsed.GetValue(_samples) is { } samples
                ? new AskingPlan(session!.Chat(), inputs.Personas, inputs.Probes, samples, seed).OfRanking(inputs.Data, list, grids)
                : null;
            ReadingCost? reading = source is null ? null : RankingCost.Of(inputs.Data, inputs.Personas, inputs.Probes, source.Model,
                list.Count + parsed.GetValue(_generate), grids);
            return new InoculatePlan(inputs, list.Count, grids)
            {
                Writing = writer?.Estimate(inputs.Data),
                Asked = asked,
                Reading = reading,
            }.Print(parsed.GetValue(_threads), parsed.GetValue(_json));
        }
        AtomicFile.RequireWritable(folder!);
        InoculationRanking ranking = parsed.GetValue(_samples) is { } often
            ? InoculationRanking.Ask(session!.Chat(), inputs.Personas, inputs.Probes, often, folder!, seed)
            : new InoculationRanking(source is null ? session!.Model(cancellation) : source.Model, inputs.Personas, inputs.Probes, seed,
                new ArtifactStore(Path.Combine(folder!, "fitted")), parsed.GetValue(_strict));
        InoculationResult found = Screen.Work(parsed.GetValue(_quiet), p =>
            ranking.Rank(inputs.Data, inputs.Trained, [.. list, .. writer?.For(inputs.Data, p, cancellation) ?? []], grids, p,
                cancellation)) with
        { BadLines = inputs.BadLines };
        CutEpisodes.Tell(inputs.Data, found.Evidence);
        InoculationReport.Write(found, folder!, CommonOptions.CommandOf(parsed));
        if (parsed.GetValue(_apply) is { } name) Reword(parsed, Choose(found, name), cancellation);
        if (parsed.GetValue(_json)) Screen.Data(InoculationReport.Json(found));
        else InoculateScreen.Print(found, folder!);
        if (!parsed.GetValue(_quiet)) session?.SayUsage();
        return ExitCode.Done;
    }

    private bool Asks(ParseResult parsed) => parsed.GetValue(_generate) > 0;

    private void RefuseInPlace(ParseResult parsed)
    {
        if (parsed.GetValue(_reworded) is not { } there) return;
        string?[] read = [parsed.GetValue(_data), parsed.GetValue(_personas), parsed.GetValue(_probes), parsed.GetValue(_rewordings)];
        if (read.OfType<string>().FirstOrDefault(f => FilePlace.Same(f, there)) is { } file)
            throw new UserErrorException("reword-in-place",
                $"--out would write over {file}, which is read, and a rewording cannot be taken back.", "Name another file.");
    }

    private IReadOnlyList<Rewording> Candidates(ParseResult parsed)
    {
        (string? file, bool own) = (parsed.GetValue(_rewordings), parsed.GetValue(_own));
        if (own && file is null && !Asks(parsed))
            throw new UserErrorException("no-rewording", "--own-only leaves nothing without --rewordings or --generate.",
                "Give a file of rewordings.");
        IReadOnlyList<Rewording> list = [.. own ? [] : RewordingFile.Library, .. file is null ? [] : RewordingFile.Load(file)];
        // A name that only a chat model could still give is known after the ranking.
        if (parsed.GetValue(_apply) is { } wanted && wanted != Best && !Asks(parsed) && list.All(w => w.Name != wanted))
            throw Unknown(wanted, list);
        return list;
    }

    private void Reword(ParseResult parsed, Rewording chosen, CancellationToken cancellation)
    {
        string place = parsed.GetValue(_reworded)!;
        RewriteSummary written = RewordedData.Write(parsed.GetValue(_data)!, chosen, place, DataOptions.Parse(parsed.GetValue(_format)),
            parsed.GetValue(_strict), cancellation);
        Screen.Say($"Reworded by {NameText.Plain(chosen.Name)}: {written.Changed} of {written.Lines} lines changed, in {place}.");
    }

    private static Rewording Choose(InoculationResult found, string name) => name == Best
        ? found.Rewordings[0].Rewording
        : found.Rewordings.FirstOrDefault(r => r.Rewording.Name == name)?.Rewording
            ?? throw Unknown(name, [.. found.Rewordings.Select(r => r.Rewording)]);

    private static UserErrorException Unknown(string name, IReadOnlyList<Rewording> list) => new("no-rewording",
        $"No rewording is called '{name}'.", $"Choose one of {string.Join(", ", list.Select(r => r.Name))}.");
}
