using System.CommandLine;
using PersonaSelection.Audit;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm inoculate trial</c>: forecasts of rewordings held against models that are trained on them.</summary>
internal sealed class InoculateTrialCommand
{
    private static readonly string[] DefaultDomains = ["test", "medicine", "off"];

    private readonly Option<string> _output = CommonOptions.Output("The folder of the trial; what is there already is not trained again.");
    private readonly Option<string> _world = CommonOptions.World();
    private readonly Option<string[]> _models = new("--model")
    {
        Description = "A base model of the world; may be given more than once.",
        Required = true,
    };

    private readonly Option<string[]> _domains = new("--domain")
    {
        Description = "A domain to train on; may be given more than once.",
        DefaultValueFactory = _ => DefaultDomains,
    };

    private readonly Option<string?> _rewordings = new("--rewordings")
    {
        Description = "The rewordings (YAML or lines); when absent, a list in the village's words.",
    };

    private readonly Option<int> _episodes = CommonOptions.Episodes();
    private readonly Option<int> _steps = CommonOptions.Count("--steps", "Steps of each training.", DemoSettings.DefaultTuning.Steps);
    private readonly Option<string> _tensors = CommonOptions.Tensors();
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private InoculateTrialCommand()
    {
        _verb = new Verb("trial",
            "Train models of a story world on plain and on reworded data, and hold forecasts of protection and leaks against them.",
            "psm inoculate trial --model seed-1/base --model seed-2/base -o trial")
        {
            _output, _models, _world, _domains, _rewordings, _episodes, _steps, _tensors, _seed, _threads, _json, _quiet, _dryRun,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new InoculateTrialCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<Rewording> list = parsed.GetValue(_rewordings) is { } file ? RewordingFile.Load(file) : TrialRewordings.Village;
        TuneOptions tuning = DemoSettings.DefaultTuning with
        {
            Steps = parsed.GetValue(_steps),
            Tensors = CommonOptions.TensorsOf(parsed.GetValue(_tensors)!),
        };
        var settings = new TrialSettings(CommonOptions.WorldOf(parsed.GetValue(_world)!), parsed.GetValue(_models)!,
            parsed.GetValue(_domains)!, list, tuning, parsed.GetValue(_episodes), parsed.GetValue(_seed), parsed.GetValue(_threads));
        var trial = new InoculationTrial(settings);
        trial.Require();
        if (parsed.GetValue(_dryRun)) return Plan(settings, parsed.GetValue(_json));
        string folder = parsed.GetValue(_output)!;
        AtomicFile.RequireWritable(folder);
        TrialResult result = Screen.Work(parsed.GetValue(_quiet), p => trial.Run(folder, p, cancellation));
        TrialReport.Write(result, folder, CommonOptions.CommandOf(parsed));
        if (parsed.GetValue(_json)) Screen.Data(result);
        else Print(result);
        return ExitCode.Done;
    }

    private static int Plan(TrialSettings s, bool json)
    {
        int trainings = s.Models.Count * s.Domains.Count * (s.Rewordings.Count + 1);
        if (json)
            Screen.Data(new { Models = s.Models.Count, s.Domains, Rewordings = s.Rewordings.Select(r => r.Name), Trainings = trainings });
        else TextTable.PrintFacts(("models", s.Models.Count), ("domains", string.Join(", ", s.Domains)), ("rewordings", s.Rewordings.Count),
            ("work", $"{trainings} trainings of {s.Tuning.Steps} steps, each with its forecast and leak grid"));
        return ExitCode.Done;
    }

    private static void Print(TrialResult t)
    {
        var rows = new TextTable("rewording", "protection", "combined", "traits", "elicitation", "gate", "shift", "kind", "where");
        foreach (IGrouping<string, TrialRow> g in t.Rows.GroupBy(r => r.Rewording))
            rows.Add(g.Key, Fixed(g.Average(r => r.Protection)), P(g, Predictor.Combined), P(g, Predictor.TraitCovariance),
                P(g, Predictor.Elicitation), P(g, Predictor.Gate), Signed(g.Average(r => r.Shift)), g.First().Kind,
                g.First().Place.ToString().ToLowerInvariant());
        rows.Print();
        Console.Out.WriteLine(
            $"\nMean over {Several(t.Rows.Select(r => r.Model), "model")} and {Several(t.Rows.Select(r => r.Domain), "domain")}; "
            + $"plain data shifts the other domains by {Signed(t.Rows.Average(r => r.PlainShift))}.\n");
        var predictors = new TextTable("predictor", "rank correlation", "within model and domain", "mean error");
        foreach (PredictorScore p in t.Predictors)
            predictors.Add(InoculationReport.Name(p.Predictor), Text(p.Rank), Text(p.WithinRank), Fixed(p.MeanAbsoluteError));
        predictors.Print();
        if (TrialReport.TooNarrow(t) is { } narrow) Console.Out.WriteLine("\n" + narrow);
        Console.Out.WriteLine("\nLeaks: P(low pole), and the error of each account (mean absolute, log score in nats):\n");
        var leaks = new TextTable("asked with", "cells", "before", "after", "in context", "posterior", "gate", "no change", "nearest");
        foreach (LeakScore l in t.Leaks)
            leaks.Add(InoculationReport.Name(l.Kind), $"{l.Count}", Fixed(l.Before), Fixed(l.Measured), Text(l.InContext),
                Text(l.Posterior), Text(l.Gate), Text(l.NoChange), string.Join(", ", l.Nearest));
        leaks.Print();
    }

    private static string Several(IEnumerable<string> names, string what) =>
        names.Distinct().Count() is 1 ? $"one {what}" : $"{names.Distinct().Count()} {what}s";

    private static string P(IEnumerable<TrialRow> rows, Predictor p) => Fixed(rows.Average(r => r.Predicted[p]));

    private static string Text(Interval i) => ForecastScoreReport.Text(i, 2);

    private static string Text(LeakError e) => $"{e.MeanAbsolute:0.00} {e.LogScore:0.000}";
}
