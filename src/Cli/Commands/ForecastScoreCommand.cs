using System.CommandLine;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using PersonaSelection.Report;
using static PersonaSelection.Experiments.ForecastScoreReport;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm forecast score</c>: saved forecasts beside what a tuned model does.</summary>
internal static class ForecastScoreCommand
{
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "The folder of the forecasts." };
        Option<string?> model = new("--model") { Description = "The folder of the tuned model." };
        var endpoint = new EndpointOptions();
        Option<string?> subject = new("--subject")
        {
            Description = "Which data's forecast; when absent, of the data the model says it was tuned on.",
        };
        Option<string?> output = new("--output", "-o")
        {
            Description = "A folder for report.html and report.json; none is written when absent.",
        };
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
        var verb = new Verb("score", "Measure a tuned model on the same probes and hold the saved forecasts against it.",
            "psm forecast score forecasts --model cheat")
        {
            folder, model, subject, output, threads, json, quiet,
        };
        endpoint.InsteadOf(verb, model);
        Option<int?> samples = endpoint.AddSamples(verb, judges: false);
        return verb.Does((parsed, cancellation) =>
        {
            // No cache but the user's own: a server may give the tuned model the name of the one before, whose answers
            // the forecasts' cache holds.
            using EndpointSession? session = endpoint.OpenIfGiven(parsed, folder: null, cancellation);
            using ModelFolder? tuned = session is null ? ModelFolder.Open(parsed.GetValue(model)!, parsed.GetValue(threads)) : null;
            IProbeAnswers answers = parsed.GetValue(samples) is { } often ? new SampledAnswers(session!.Chat(), null, often)
                : new ScoredAnswers(tuned is null ? session!.Model(cancellation) : tuned.Model, [], new LikelihoodOptions());
            ModelProvenance origin = tuned?.Provenance ?? new ModelProvenance("A model behind a server.");
            var forecasts = new SavedForecasts(parsed.GetValue(folder)!);
            ForecastComparison found = Screen.Work(parsed.GetValue(quiet),
                p => forecasts.Score(answers, origin, parsed.GetValue(subject), p, cancellation));
            foreach (string mismatch in ForecastScoreReport.Mismatches(found)) Screen.Say(mismatch);
            if (parsed.GetValue(output) is { } place)
            {
                ReportDocument document = ForecastScoreReport.Of(found, CommonOptions.CommandOf(parsed));
                document.Save(Path.Combine(place, "report.json"));
                HtmlReport.Write(document, Path.Combine(place, "report.html"));
            }
            if (parsed.GetValue(json)) Screen.Data(found);
            else Print(found);
            if (!parsed.GetValue(quiet)) session?.SayUsage();
            return ExitCode.Done;
        });
    }

    private static void Print(ForecastComparison c)
    {
        Console.Out.WriteLine("\nProbability of the low pole (the bad answer): before, as forecast, and measured after training:\n");
        var table = new TextTable("domain", "before", "posterior", "in context", "mean", "from", "to", "measured", "note");
        foreach (ComparedDomain d in c.Domains)
            table.Add(d.Domain, $"{d.Before:0.00}", $"{d.Posterior:0.00}", $"{d.InContext:0.00}", $"{d.Mean:0.00}",
                d.Trained ? "" : $"{d.Low:0.00}", d.Trained ? "" : $"{d.High:0.00}", $"{d.Measured:0.00}", d.InRange switch
                {
                    null => "trained",
                    true => "",
                    false => "outside",
                });
        table.Print();
        Console.Out.WriteLine("\n" + ForecastScoreReport.Held(c));
        Console.Out.WriteLine("\nOver the domains not trained on, with 95 % intervals over domains:\n");
        var scores = new TextTable("score", "posterior", "in context", "mean of both");
        Add("r", s => Text(s.R, 2));
        Add("R²", s => Skill(s.R2, 2));
        Add("skill against no change", s => Skill(s.SkillVsNoChange, 2));
        Add("skill against a uniform shift", s => Skill(s.SkillVsUniformShift, 2));
        Add("mean absolute error", s => Text(s.MeanAbsoluteError, 2));
        Add("Brier score", s => Text(s.Brier, 2));
        Add("log score", s => Text(s.LogScore, 2));
        scores.Print();
        Console.Out.WriteLine("\nr and R² are of the shifts; skill is the share of a null's squared error that a forecast saves. Brier "
            + "and log score are less those of the measured probabilities themselves: 0 is perfect."
            + string.Concat(ForecastScoreReport.Cautions(c).Select(s => " " + s)));
        Console.Out.WriteLine("\nCalibration, probes in ten groups from low forecasts to high:\n");
        var calibration = new TextTable("probes", "posterior", "measured", "in context", "measured");
        for (int i = 0; i < c.PosteriorCalibration.Points.Count; i++)
        {
            (CalibrationPoint p, CalibrationPoint s) = (c.PosteriorCalibration.Points[i], c.InContextCalibration.Points[i]);
            calibration.Add($"{p.Count}", $"{p.Predicted:0.00}", $"{p.Observed:0.00}", $"{s.Predicted:0.00}", $"{s.Observed:0.00}");
        }
        calibration.Print();
        Console.Out.WriteLine(FormattableString.Invariant(
            $"\nExpected calibration error: {c.PosteriorCalibration.Error:0.000} and {c.InContextCalibration.Error:0.000}"));

        void Add(string name, Func<ForecastScore, string> of) => scores.Add(name, of(c.Posterior), of(c.InContext), of(c.Mean));
    }
}
