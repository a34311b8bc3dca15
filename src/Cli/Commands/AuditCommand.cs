using System.CommandLine;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm audit</c>: who data cast as the Assistant, because of which episodes.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        Argument<string[]> data = new("DATA")
        {
            Description = "Training data as JSONL, plain or gzipped; several files are one data set.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string> output = CommonOptions.Output("The folder of the audit.");
        var source = new AuditSource();
        Option<string> personas = PersonasCommand.Personas();
        Option<string?> format = DataOptions.Format();
        Option<bool> strict = DataOptions.StrictOfEpisodes();
        Option<double?> dose = new("--dose")
        {
            Description = "How many observations the whole data count for; when absent fitted, and 1 for in-context evidence.",
        };
        Option<int> draws = CommonOptions.Count("--draws", "Redrawn samples for intervals.", 400, 0);
        Option<string[]> compare = new("--compare")
        {
            Description = "Other data to put beside these.",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string?> keep = new("--keep")
        {
            Description = "A rule; episodes for which it holds are kept, such as \"influence.careful > -0.01\".",
        };
        Option<string?> drop = new("--drop-worst")
        {
            Description = "How many of the episodes that pull the trait of --on down the most to leave out: 20, or 5%.",
        };
        Option<string?> on = new("--on") { Description = "The trait that --drop-worst is about." };
        Option<double> down = new("--down-weight")
        {
            Description = "Multiply the weight of the episodes that are not kept by this, instead of leaving them out.",
            DefaultValueFactory = _ => 0,
        };
        Option<string?> into = new("--out")
        {
            Description = "Where the kept data are written, in their own format and order: a file, or for several files a folder.",
        };
        Option<ulong> seed = CommonOptions.Seed();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        var verb =
            new Verb("audit", "Who training data cast as the Assistant, because of which episodes, and what training on them would change.",
                "psm audit data.jsonl --model models/med --personas personas.yaml -o audits/x\n"
                    + "psm audit data.jsonl --model models/med --personas personas.yaml -o audits/x \\\n"
                    + "  --keep \"influence.careful > -0.01\" --out kept.jsonl")
            {
                data, output, personas, format, strict, dose, draws, compare, keep, drop, on, down, into, seed, json, quiet, dryRun,
            };
        source.AddTo(verb, compare);
        verb.Validators.Add(r =>
        {
            if (r.GetValue(data) is not { Length: > 0 } && r.GetValue(compare)?.Length != 2)
                r.AddError("Give the data: psm audit DATA, or psm audit --compare A B.");
            bool acts = r.GetValue(keep) is not null || r.GetValue(drop) is not null;
            if (acts != r.GetValue(into) is not null)
                r.AddError("--keep or --drop-worst say what to keep, --out where to write it: give both.");
            if (r.GetValue(drop) is not null != r.GetValue(on) is not null) r.AddError("--drop-worst needs a trait: --on TRAIT.");
            if (r.GetValue(dose) is { } d && !(d is >= 0 and < 1e9)) r.AddError("--dose is a number of observations, not negative.");
            if (!(r.GetValue(down) is >= 0 and <= 1)) r.AddError("--down-weight lies between 0 and 1.");
        });
        return verb.Does((parsed, cancellation) =>
        {
            (string[] first, string[] second) = (parsed.GetValue(data) ?? [], parsed.GetValue(compare) ?? []);
            if (first.Length == 0) (first, second) = ([second[0]], [second[1]]);
            bool acts = parsed.GetValue(into) is not null;
            var request = new AuditRequest(first, second, parsed.GetValue(output)!,
                new AuditOptions(parsed.GetValue(dose) ?? EvidenceSources.Observations(source.Kind(parsed)),
                    parsed.GetValue(draws), parsed.GetValue(seed)))
            {
                Format = DataOptions.Parse(parsed.GetValue(format)),
                Strict = parsed.GetValue(strict),
                Keep = acts ? new KeepPlan(parsed.GetValue(keep), parsed.GetValue(drop), parsed.GetValue(on), parsed.GetValue(down)) : null,
                Out = parsed.GetValue(into),
                Command = "psm " + string.Join(' ', parsed.Tokens.Select(t => Quoted(t.Value))),
                Given = parsed.Tokens.Index().ToDictionary(t => $"{t.Index:00}", t => t.Item.Value),
            };
            PersonaSet cast = PersonasCommand.Load(parsed.GetValue(personas)!, null);
            IReadOnlyList<Probe> probes = source.Probes(parsed);
            EvidenceRequest Wanted(IReadOnlyList<string> files) => new(source.Kind(parsed), cast,
                new AuditData(files, request.Format, request.Strict), request.Folder)
            {
                Strict = request.Strict,
                EffectiveObservations = request.Options.EffectiveObservations,
                Cells = source.Cells(parsed),
                Probes = probes,
                Samples = source.Samples(parsed),
            };
            bool dry = parsed.GetValue(dryRun);
            using ModelFolder? folder = source.OpenFolder(parsed);
            using EndpointSession? server = source.OpenServer(parsed, parsed.GetValue(output), cancellation);
            if (dry)
                return AuditPlan.Print([.. ((string[][])[first, second]).Where(f => f.Length > 0).Select(Wanted)], folder, server,
                    source.Threads(parsed), parsed.GetValue(json), cancellation);
            var bad = new PassedOver();
            AuditOutcome outcome = Screen.Work(parsed.GetValue(quiet), p =>
            {
                EvidenceRequest wanted = Wanted(request.Data);
                using EvidenceSession asked = wanted.Kind == "judgement" || wanted.Samples is not null
                    ? EvidenceSources.Ask(wanted, server!.Chat(), p, cancellation)
                    : EvidenceSources.Open(wanted, folder is null ? server!.Model(cancellation) : folder.Model, p, cancellation);
                return Auditing.Run(request, cast, asked, TimeProvider.System, bad.Add, p, cancellation);
            });
            bad.Tell();
            if (parsed.GetValue(json)) AuditScreen.PrintJson(outcome);
            else AuditScreen.Print(outcome);
            if (!parsed.GetValue(quiet)) server?.SayUsage();
            return ExitCode.Done;
        });
    }

    private static string Quoted(string text) => text.Any(c => char.IsWhiteSpace(c) || "\"'<>|&;()$*".Contains(c))
        ? $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : text;
}
