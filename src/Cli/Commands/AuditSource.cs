using System.CommandLine;
using PersonaSelection.Experiments;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary>The options of an audit that say where evidence comes from: a model's folder or a server, and the kind.</summary>
internal sealed class AuditSource
{
    private const string Default = "likelihood";
    private const double DefaultCells = 0.1;
    private const int DefaultPerTrait = 1;

    private readonly Option<string?> _model = new("--model") { Description = "The folder of the model before training." };
    private readonly EndpointOptions _endpoint = new();
    private readonly Option<string> _evidence = new("--evidence")
    {
        Description = $"How evidence is obtained: {string.Join(", ", EvidenceSources.Kinds)} (of a server).",
        DefaultValueFactory = _ => Default,
    };

    private readonly Option<double> _cells = CommonOptions.Number("--cells",
        "For adaptive evidence: the largest share of the (episode, persona) cells to ask for, such as 0.3.",
        NumberRange.PositiveShare, DefaultCells);

    private readonly Option<string> _probes = PersonasCommand.Probes(PersonaLibrary.Name);
    private readonly Option<int> _perTrait =
        CommonOptions.Count("--per-trait", "For in-context evidence: at most so many probes of each trait, or domain.", DefaultPerTrait);
    private readonly Option<int?> _samples = CommonOptions.Samples(
        "For in-context evidence of a chat model that gives no log-probabilities: sample so many answers to each probe, an "
        + "even number such as 8.");

    private readonly Option<int> _threads = CommonOptions.Threads();

    /// <summary>Adds the options to the command.</summary>
    public void AddTo(Command command, Option<string[]> compare)
    {
        command.Add(_model);
        command.Add(_evidence);
        command.Add(_cells);
        command.Add(_probes);
        command.Add(_perTrait);
        command.Add(_samples);
        command.Add(_threads);
        _endpoint.InsteadOf(command, _model);
        command.Validators.Add(r =>
        {
            // A validator does not see a default.
            string kind = r.GetValue(_evidence) ?? Default;
            bool served = _endpoint.Given(r);
            if (!EvidenceSources.Kinds.Contains(kind))
                r.AddError($"There is no evidence of the kind '{kind}': choose one of {string.Join(", ", EvidenceSources.Kinds)}.");
            if (r.GetResult(_cells) is { Implicit: false } && kind != "adaptive") r.AddError("--cells belongs to --evidence adaptive.");
            if (kind != "in-context" && (r.GetResult(_probes) is { Implicit: false } || r.GetResult(_perTrait) is { Implicit: false }))
                r.AddError("--probes and --per-trait belong to --evidence in-context.");
            if (r.GetResult(_samples) is { Implicit: false } && (kind != "in-context" || !served))
                r.AddError("--samples belongs to --evidence in-context at an --endpoint.");
            if (kind == "judgement" && !served) r.AddError("--evidence judgement asks a chat model behind a server: give --endpoint.");
            if (kind == "gradient" && served)
                r.AddError("--evidence gradient needs the weights of the model: give --model in place of --endpoint.");
            if (kind == "adaptive" && r.GetValue(compare) is { Length: > 0 })
                r.AddError(
                    "--evidence adaptive computes one table for one set of data: audit the sets one by one, or use --evidence likelihood.");
        });
    }

    /// <summary>The kind of evidence that is wanted.</summary>
    public string Kind(ParseResult parsed) => parsed.GetValue(_evidence)!;

    /// <summary>The largest share of the cells that adaptive evidence may ask for.</summary>
    public double Cells(ParseResult parsed) => parsed.GetValue(_cells);

    /// <summary>The file of probes as it was given.</summary>
    public string? ProbesFile(ParseResult parsed) => parsed.GetValue(_probes);

    /// <summary>What in-context evidence asks; nothing for other kinds.</summary>
    public IReadOnlyList<Probe> Probes(ParseResult parsed) => Kind(parsed) != "in-context" ? []
        : [.. ProbeFile.Load(parsed.GetValue(_probes)!).GroupBy(p => p.Trait ?? p.Domain)
            .SelectMany(g => g.Take(parsed.GetValue(_perTrait)))];

    /// <summary>Answers that are sampled for each probe; null where log-probabilities are asked for.</summary>
    public int? Samples(ParseResult parsed) => parsed.GetValue(_samples);

    /// <summary>Threads that may compute.</summary>
    public int Threads(ParseResult parsed) => parsed.GetValue(_threads);

    /// <summary>Loads the folder; null where a server is asked.</summary>
    public ModelFolder? OpenFolder(ParseResult parsed) =>
        _endpoint.Given(parsed) ? null : ModelFolder.Open(parsed.GetValue(_model)!, Threads(parsed));

    /// <summary>
    /// Opens the line to the server; null where a folder is loaded. Answers are kept in the audit's folder unless the user names another.
    /// </summary>
    public EndpointSession? OpenServer(ParseResult parsed, string? folder, CancellationToken cancellation) =>
        _endpoint.OpenIfGiven(parsed, folder, cancellation);
}
