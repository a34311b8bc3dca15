using System.CommandLine;
using System.CommandLine.Parsing;
using PersonaSelection.Audit;
using PersonaSelection.Experiments;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm audit</c>: who data cast as the Assistant, because of which episodes.</summary>
internal sealed class AuditCommand
{
    private readonly Argument<string[]> _data = new("DATA")
    {
        Description = "Training data as JSONL, plain or gzipped; several files are one data set.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string> _output = CommonOptions.Output("The folder of the audit.");
    private readonly AuditSource _source = new();
    private readonly Option<string> _personas = PersonasCommand.Personas();
    private readonly Option<string?> _format = DataOptions.Format();
    private readonly Option<bool> _strict = DataOptions.StrictOfEpisodes();
    private readonly Option<double?> _dose = CommonOptions.Number("--dose",
        "How many observations the whole data count for; when absent fitted, and 1 for in-context evidence.",
        new("from 0 up to 1e9", x => x is >= 0 and < 1e9));

    private readonly Option<int> _draws = CommonOptions.Draws(AuditOptions.Level, 400);
    private readonly Option<string[]> _compare = new("--compare")
    {
        Description = "Other data to put beside these.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _keep = new("--keep")
    {
        Description = "A rule; episodes for which it holds are kept, such as \"influence.careful > -0.01\".",
    };

    private readonly Option<string?> _drop = new("--drop-worst")
    {
        Description = "How many of the episodes that pull the trait of --on down the most to leave out: 20, or 5%.",
    };

    private readonly Option<string?> _on = new("--on") { Description = "The trait that --drop-worst is about." };
    private readonly Option<double> _down = CommonOptions.Number("--down-weight",
        "Multiply the weight of the episodes that are not kept by this, instead of leaving them out.", NumberRange.Share, 0);

    private readonly Option<string?> _into = new("--out")
    {
        Description = "Where the kept data are written, in their own format and order: a file, or for several files a folder.",
    };

    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private AuditCommand()
    {
        _verb =
            new Verb("audit", "Who training data cast as the Assistant, because of which episodes, and what training on them would change.",
                "psm audit data.jsonl --model models/med --personas personas.yaml -o audits/x\n"
                    + "psm audit data.jsonl --model models/med --personas personas.yaml -o audits/x \\\n"
                    + "  --keep \"influence.careful > -0.01\" --out kept.jsonl")
            {
                _data, _output, _personas, _format, _strict, _dose, _draws, _compare, _keep, _drop, _on, _down, _into, _seed, _json, _quiet,
                _dryRun,
            };
        _source.AddTo(_verb, _compare);
        _verb.Validators.Add(Check);
        _verb.Does(Run);
    }

    public static Command Create() => new AuditCommand()._verb;

    private void Check(CommandResult r)
    {
        if (r.GetValue(_data) is not { Length: > 0 } && r.GetValue(_compare)?.Length != 2)
            r.AddError("Give the data: psm audit DATA, or psm audit --compare A B.");
        bool acts = r.GetValue(_keep) is not null || r.GetValue(_drop) is not null;
        if (acts != r.GetValue(_into) is not null)
            r.AddError("--keep or --drop-worst say what to keep, --out where to write it: give both.");
        if (r.GetValue(_drop) is not null != r.GetValue(_on) is not null) r.AddError("--drop-worst needs a trait: --on TRAIT.");
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        AuditRequest request = Request(parsed);
        PersonaSet cast = PersonasCommand.Load(parsed.GetValue(_personas)!, null);
        request.Keep?.RequireSound(cast);
        IReadOnlyList<Probe> probes = _source.Probes(parsed);
        EvidenceRequest Wanted(IReadOnlyList<string> files) =>
            new(_source.Kind(parsed), cast, new AuditData(files, request.Format, request.Strict), request.Folder)
            {
                Strict = request.Strict,
                EffectiveObservations = request.Options.EffectiveObservations,
                Cells = _source.Cells(parsed),
                Probes = probes,
                Samples = _source.Samples(parsed),
            };
        using ModelFolder? folder = _source.OpenFolder(parsed);
        using EndpointSession? server = _source.OpenServer(parsed, parsed.GetValue(_output), cancellation);
        if (parsed.GetValue(_dryRun))
            return AuditPlan.Print([.. new[] { request.Data, request.Compare }.Where(f => f.Count > 0).Select(Wanted)], folder, server,
                _source.Threads(parsed), parsed.GetValue(_json), cancellation);
        request.RequireApart();
        request.RequireWritable();
        var bad = new PassedOver();
        AuditOutcome outcome = Screen.Work(parsed.GetValue(_quiet), p =>
        {
            EvidenceRequest wanted = Wanted(request.Data);
            using EvidenceSession evidence = wanted.AsksChat
                ? EvidenceSources.Ask(wanted, server!.Chat(), p, cancellation)
                : EvidenceSources.Open(wanted, folder is null ? server!.Model(cancellation) : folder.Model, p, cancellation);
            return Auditing.Run(request, cast, evidence, TimeProvider.System, bad.Add, p, cancellation);
        });
        bad.Tell();
        if (parsed.GetValue(_json)) AuditScreen.PrintJson(outcome);
        else AuditScreen.Print(outcome);
        if (!parsed.GetValue(_quiet)) server?.SayUsage();
        return ExitCode.Done;
    }

    private AuditRequest Request(ParseResult parsed)
    {
        (string[] first, string[] second) = (parsed.GetValue(_data) ?? [], parsed.GetValue(_compare) ?? []);
        if (first.Length == 0) (first, second) = ([second[0]], [second[1]]);
        string? into = parsed.GetValue(_into);
        var options = new AuditOptions(parsed.GetValue(_dose) ?? EvidenceSources.Observations(_source.Kind(parsed)),
            parsed.GetValue(_draws), parsed.GetValue(_seed));
        return new AuditRequest(first, second, parsed.GetValue(_output)!, options)
        {
            Format = DataOptions.Parse(parsed.GetValue(_format)),
            Strict = parsed.GetValue(_strict),
            Keep = into is null ? null
                : new KeepPlan(parsed.GetValue(_keep), parsed.GetValue(_drop), parsed.GetValue(_on), parsed.GetValue(_down)),
            Out = into,
            Beside = [.. new[] { parsed.GetValue(_personas), _source.ProbesFile(parsed) }.OfType<string>()],
            Command = CommonOptions.CommandOf(parsed),
            Given = parsed.Tokens.Index().ToDictionary(t => $"{t.Index:00}", t => t.Item.Value),
        };
    }
}
