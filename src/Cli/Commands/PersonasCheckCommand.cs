using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm personas check</c>: what a library is worth with a given model.</summary>
internal sealed class PersonasCheckCommand
{
    /// <summary>P(low) below which a difference between personas counts as none.</summary>
    private const double LeastSpread = 0.02;

    private readonly Option<string?> _model = new("--model") { Description = "The model's folder." };
    private readonly EndpointOptions _endpoint = new();
    private readonly Option<string> _personas = PersonasCommand.Personas(PersonaLibrary.Name);
    private readonly Option<string> _probes = PersonasCommand.Probes(PersonaLibrary.Name);
    private readonly Option<string[]> _kinds = PersonasCommand.Kinds();
    private readonly Option<int> _perTrait = CommonOptions.Count("--per-trait", "At most so many probes of each trait; 0 for all.", 0,
        least: 0);

    private readonly Option<double> _threshold = CommonOptions.Number("--threshold",
        "Nats per token of reply below which two personas count as the same.", NumberRange.FromZero, 0.001);

    private readonly Option<int> _tokens = CommonOptions.Count("--tokens",
        "Tokens of reply from which personas are to be told apart, for the effective number.", 1000);

    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private PersonasCheckCommand()
    {
        _verb = new Verb("check",
            "Measure what personas and probes are worth with a model: who can be told apart (nats per token), duplicates, dead weight.",
            "psm personas check --model base --kind machine --per-trait 2")
        {
            _model, _personas, _probes, _kinds, _perTrait, _threshold, _tokens, _threads, _json, _quiet, _dryRun,
        };
        _endpoint.InsteadOf(_verb, _model);
        _verb.Does(Run);
    }

    public static Command Create() => new PersonasCheckCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        PersonaSet cast = Cast(parsed);
        Probe[] questions = [.. ProbeFile.Load(parsed.GetValue(_probes)!).GroupBy(p => p.Trait ?? p.Domain)
            .SelectMany(g => parsed.GetValue(_perTrait) is > 0 and int most ? g.Take(most) : g)];
        using EndpointSession? session = _endpoint.OpenIfGiven(parsed, folder: null, cancellation);
        using ModelFolder? source = session is null ? ModelFolder.Open(parsed.GetValue(_model)!, parsed.GetValue(_threads)) : null;
        if (parsed.GetValue(_dryRun)) return Plan(cast, questions, source, session, parsed.GetValue(_threads), parsed.GetValue(_json));
        ILanguageModel asked = session is null ? source!.Model : session.Model(cancellation);
        (double threshold, int tokens) = (parsed.GetValue(_threshold), parsed.GetValue(_tokens));
        LibraryWorth worth = Screen.Work(parsed.GetValue(_quiet), p =>
            new LibraryWorth(Measure(cast, asked, questions, p, cancellation), threshold, LeastSpread));
        if (parsed.GetValue(_json)) PrintJson(asked.Id, worth, threshold, tokens);
        else Print(worth, threshold, tokens);
        if (!parsed.GetValue(_quiet)) session?.SayUsage();
        return ExitCode.Done;
    }

    private PersonaSet Cast(ParseResult parsed)
    {
        PersonaSet set = PersonaSet.Load(parsed.GetValue(_personas)!);
        return set.With([.. PersonasCommand.OfKinds(set, parsed.GetValue(_kinds) ?? []).Select(p => p.Persona with { Prior = 1 })]);
    }

    private static PersonaContrast Measure(PersonaSet cast, ILanguageModel model, Probe[] probes, IProgress<WorkProgress> progress,
        CancellationToken cancellation)
    {
        try
        {
            PresentationOptions options = EvidenceSources.Presenting(cast, model, null) with { Calibrate = false };
            using PresentedPersonas presented = PresentedPersonas.Of(cast, model, options, progress, cancellation);
            return PersonaContrast.Measure(presented.Personas, model, probes, progress, cancellation);
        }
        catch (UserErrorException e) when (e.Code == "unknown-word")
        {
            throw new UserErrorException(e.Code,
                $"{e.Problem} The model knows only the words of its own world, and these personas or probes use others.",
                "Check the personas of its world (--personas and --probes from the folder that 'psm corpus new' wrote), or take a model "
                + "that reads any text.", e);
        }
    }

    private static int Plan(PersonaSet cast, Probe[] probes, ModelFolder? source, EndpointSession? session, int threads, bool json)
    {
        int contexts = 1 + AuditCost.Contexts(cast, served: session is not null);
        long replies = contexts * probes.Sum(p => (long)p.Low.Count + p.High.Count);
        EndpointEstimate? estimate = session is null ? null : AuditCost.ServedContrast(cast, probes, session.Client.Prices);
        ReadingCost? reading = source is null ? null : AuditCost.Contrast(cast, probes, source.Model);
        if (json)
            Screen.Data(new
            {
                Personas = cast.Personas.Count,
                Contexts = contexts,
                Probes = probes.Length,
                Replies = replies,
                reading?.Tokens,
                reading?.Flops,
                Seconds = ReadingPlan.Seconds(reading),
                Estimate = estimate,
            });
        else TextTable.PrintFacts([("personas", $"{cast.Personas.Count}, and the model as it is"), ("probes", probes.Length),
            ("work", $"{replies:N0} replies to score after {contexts * (long)probes.Length:N0} questions"),
            .. ReadingPlan.Facts(reading, threads), .. estimate is null ? [] : EndpointSession.Facts(estimate)]);
        return ExitCode.Done;
    }

    private static void PrintJson(string model, LibraryWorth worth, double threshold, int tokens) => Screen.Data(new
    {
        Model = model,
        Threshold = threshold,
        LeastSpread,
        Effective = new { Personas = worth.Contrast.EffectiveNumber(tokens), Tokens = tokens },
        worth.MedianNats,
        worth.Personas,
        worth.Traits,
        UnmovedProbes = worth.Unmoved,
        NearestPairs = worth.NearestPairs(20).Select(p => new { p.A, p.B, p.Nats }),
    });

    private static void Print(LibraryWorth worth, double threshold, int tokens)
    {
        var personas = new TextTable("persona", "kind", "from the model", "from the nearest", "nearest", "note");
        foreach (PersonaWorth p in worth.Personas.OrderByDescending(p => p.FromBare))
        {
            personas.Add(p.Name, p.Kind, FigureNumber.Fixed(p.FromBare, 4), FigureNumber.Fixed(p.FromNearest, 4), p.Nearest ?? "",
                p.DuplicateOf is not null ? $"duplicate of {p.DuplicateOf}" : p.IsDeadWeight ? "dead weight" : "");
        }
        personas.Print();
        Console.Out.WriteLine();
        var traits = new TextTable("trait", "probes", "low", "spread", "agreement", "note");
        foreach (TraitWorth t in worth.Traits.OrderByDescending(t => t.Spread))
            traits.Add(t.Name, $"{t.Probes}", $"{t.Low:0.00}", $"{t.Spread:0.000}", FigureNumber.Signed(t.Agreement),
                t.IsDeadWeight ? "dead weight" : "");
        traits.Print();
        Console.Out.WriteLine();
        TextTable.PrintFacts(
            ("personas", $"{worth.Personas.Count}, of which {worth.Contrast.EffectiveNumber(tokens):0.0} can be told apart from "
                + $"{tokens} tokens of reply"),
            ("two personas", $"differ by {worth.MedianNats:0.0000} nats per token (median)"),
            ("duplicates", $"{worth.Personas.Count(p => p.DuplicateOf is not null)} below {threshold:0.####} nats per token"),
            ("dead weight", $"{worth.Personas.Count(p => p.IsDeadWeight)} personas, {worth.Traits.Count(t => t.IsDeadWeight)} traits, "
                + $"{worth.Unmoved.Count} probes"),
            ("nearest pairs", string.Join("; ", worth.NearestPairs(3).Select(p => $"{p.A} and {p.B} ({p.Nats:0.0000})"))));
    }
}
