using System.CommandLine;
using PersonaSelection.Audit;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm inoculate trial</c>: forecasts of rewordings held against models that are trained on them.</summary>
internal static class InoculateTrialCommand
{
    private static readonly string[] DefaultDomains = ["test", "medicine", "off"];

    public static Command Create()
    {
        Option<string> output = CommonOptions.Output("The folder of the trial; what is there already is not trained again."),
            world = CommonOptions.World();
        Option<string[]> models = new("--model")
        {
            Description = "A base model of the world; may be given more than once.",
            Required = true,
        };
        Option<string[]> domains = new("--domain")
        {
            Description = "A domain to train on; may be given more than once.",
            DefaultValueFactory = _ => DefaultDomains,
        };
        Option<string?> rewordings = new("--rewordings")
        {
            Description = "The rewordings (YAML or lines); when absent, a list in the village's words.",
        };
        Option<int> episodes = CommonOptions.Count("--episodes", "Episodes in each set.", 256);
        Option<int> steps = CommonOptions.Count("--steps", "Steps of each training.", DemoSettings.DefaultTuning.Steps);
        Option<string> tensors = CommonOptions.Tensors();
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        return new Verb("trial",
            "Train models of a story world on plain and on reworded data, and hold forecasts of protection and leaks against them.",
            "psm inoculate trial --model seed-1/base --model seed-2/base -o trial")
        {
            output, models, world, domains, rewordings, episodes, steps, tensors, seed, threads, json, quiet, dryRun,
        }.Does((parsed, cancellation) =>
        {
            IReadOnlyList<Rewording> list = parsed.GetValue(rewordings) is { } file ? RewordingFile.Load(file) : TrialRewordings.Village;
            TuneOptions tuning = DemoSettings.DefaultTuning with
            {
                Steps = parsed.GetValue(steps),
                Tensors = CommonOptions.TensorsOf(parsed.GetValue(tensors)!),
            };
            var settings = new TrialSettings(CorpusNewCommand.WorldOf(parsed.GetValue(world)!), parsed.GetValue(models)!,
                parsed.GetValue(domains)!, list, tuning, parsed.GetValue(episodes), parsed.GetValue(seed), parsed.GetValue(threads));
            if (parsed.GetValue(dryRun)) return Plan(settings, parsed.GetValue(json));
            AtomicFile.RequireWritable(parsed.GetValue(output)!);
            TrialResult result = Screen.Work(parsed.GetValue(quiet),
                p => new InoculationTrial(settings).Run(parsed.GetValue(output)!, p, cancellation));
            TrialReport.Write(result, parsed.GetValue(output)!, CommonOptions.CommandOf(parsed));
            if (parsed.GetValue(json)) Screen.Data(result);
            else Print(result);
            return ExitCode.Done;
        });
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
