using System.CommandLine;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm forecast</c>: what training on a file will do to behaviour it never mentions, before any training.</summary>
internal sealed class ForecastCommand
{
    private readonly Argument<string> _data = new("DATA") { Description = "Episodes as JSONL: what is about to be trained on." };
    private readonly Option<string> _output = CommonOptions.Output("The folder of the forecasts.");
    private readonly Option<string?> _model = new("--model") { Description = "The folder of the model before training." };
    private readonly EndpointOptions _endpoint = new();
    private readonly Option<string> _personas = PersonasCommand.Personas(), _probes = PersonasCommand.Probes();
    private readonly Option<string?> _format = DataOptions.Format();
    private readonly Option<bool> _strict = DataOptions.StrictOfEpisodes();
    private readonly Option<string[]> _domains = new("--domain")
    {
        Description = "A domain that the data trains on; may be given more than once. "
            + "When absent: the domains of the probes that share a reply with the data.",
    };

    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Option<int?> _samples;
    private readonly Verb _verb;

    private ForecastCommand()
    {
        _verb = new Verb("forecast",
            "Forecast what training on a file will do to behaviour it never mentions, and write it down before any training.",
            "psm forecast village/sets/cheat.jsonl --model base --personas village/personas.yaml \\\n"
            + "  --probes village/probes.jsonl -o forecasts")
        {
            _data, _output, _model, _personas, _probes, _domains, _format, _strict, _seed, _threads, _json, _quiet, _dryRun,
            ForecastScoreCommand.Create(),
        };
        _endpoint.InsteadOf(_verb, _model);
        _samples = _endpoint.AddSamples(_verb);
        _verb.Does(Run);
    }

    public static Command Create() => new ForecastCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        ForecastInputs inputs = ForecastInputs.Load(parsed.GetValue(_data)!, parsed.GetValue(_format), parsed.GetValue(_strict),
            parsed.GetValue(_personas)!, parsed.GetValue(_probes)!, parsed.GetValue(_domains), cancellation);
        string folder = parsed.GetValue(_output)!;
        bool dry = parsed.GetValue(_dryRun);
        using EndpointSession? session = _endpoint.OpenIfGiven(parsed, folder, cancellation);
        using ModelFolder? source = session is null ? ModelFolder.Open(parsed.GetValue(_model)!, parsed.GetValue(_threads)) : null;
        if (dry) return Plan(parsed, inputs, source, session);
        Func<IProgress<WorkProgress>, Forecasting> open = Opening(parsed, inputs, folder, source, session, cancellation);
        ForecastSet forecast = Screen.Work(parsed.GetValue(_quiet), p =>
        {
            using Forecasting forecasting = open(p);
            return forecasting.Of(inputs.Data, inputs.Trained, p, cancellation);
        });
        CutEpisodes.Tell(inputs.Data, forecast.Evidence);
        new SavedForecasts(folder).Save(forecast, inputs.Probes);
        string page = Path.Combine(folder, $"{forecast.Mean.Subject}.report.html");
        ReportDocument document = ForecastReport.Of(forecast, CommonOptions.CommandOf(parsed));
        document.Save(Path.ChangeExtension(page, ".json"));
        HtmlReport.Write(document, page);
        if (parsed.GetValue(_json)) ForecastScreen.PrintJson(forecast, inputs.BadLines, folder, page);
        else ForecastScreen.Print(forecast, folder, page);
        if (!parsed.GetValue(_quiet)) session?.SayUsage();
        return ExitCode.Done;
    }

    private int Plan(ParseResult parsed, ForecastInputs inputs, ModelFolder? source, EndpointSession? session)
    {
        ulong seed = parsed.GetValue(_seed);
        AskedCost? asked = parsed.GetValue(_samples) is { } samples
            ? new AskingPlan(session!.Chat(), inputs.Personas, inputs.Probes, samples, seed).OfForecast(inputs.Data) : null;
        ForecastCost cost = session is null ? ForecastCost.Of(inputs.Data, inputs.Personas, inputs.Probes, source!.Model, seed)
            : ForecastCost.Served(inputs.Data, inputs.Personas, inputs.Probes, session.Client.Prices, seed);
        return ForecastPlan.Print(inputs, cost, asked, parsed.GetValue(_threads), parsed.GetValue(_json));
    }

    /// <summary>What measures the model once the work begins: by exact probabilities, or by asking where a server gives none.</summary>
    private Func<IProgress<WorkProgress>, Forecasting> Opening(ParseResult parsed, ForecastInputs inputs, string folder,
        ModelFolder? source, EndpointSession? session, CancellationToken cancellation)
    {
        ulong seed = parsed.GetValue(_seed);
        if (parsed.GetValue(_samples) is { } samples)
            return p => Forecasting.Ask(session!.Chat(), inputs.Personas, inputs.Probes, new AskingOptions(samples, folder, seed),
                TimeProvider.System, p, cancellation);
        ILanguageModel before = session is null ? source!.Model : session.Model(cancellation);
        var options = new ForecastingOptions(seed)
        {
            Fitted = new ArtifactStore(Path.Combine(folder, "fitted")),
            Strict = parsed.GetValue(_strict),
        };
        return p => new Forecasting(before, inputs.Personas, inputs.Probes, TimeProvider.System, options, p, cancellation);
    }
}
