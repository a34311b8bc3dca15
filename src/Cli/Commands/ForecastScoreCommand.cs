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
internal sealed class ForecastScoreCommand
{
    private readonly Argument<string> _folder = new("FOLDER") { Description = "The folder of the forecasts." };
    private readonly Option<string?> _model = new("--model") { Description = "The folder of the tuned model." };
    private readonly EndpointOptions _endpoint = new();
    private readonly Option<string?> _subject = new("--subject")
    {
        Description = "Which data's forecast; when absent, of the data the model says it was tuned on.",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "A folder for report.html and report.json; none is written when absent.",
    };

    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet();
    private readonly Option<int?> _samples;
    private readonly Verb _verb;

    private ForecastScoreCommand()
    {
        _verb = new Verb("score", "Measure a tuned model on the same probes and hold the saved forecasts against it.",
            "psm forecast score forecasts --model cheat")
        {
            _folder, _model, _subject, _output, _threads, _json, _quiet,
        };
        _endpoint.InsteadOf(_verb, _model);
        _samples = _endpoint.AddSamples(_verb, judges: false);
        _verb.Does(Run);
    }

    public static Command Create() => new ForecastScoreCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        // No cache but the user's own: a server may give the tuned model the name of the one before, whose answers
        // the forecasts' cache holds.
        using EndpointSession? session = _endpoint.OpenIfGiven(parsed, folder: null, cancellation);
        using ModelFolder? tuned = session is null ? ModelFolder.Open(parsed.GetValue(_model)!, parsed.GetValue(_threads)) : null;
        IProbeAnswers answers = parsed.GetValue(_samples) is { } often ? new SampledAnswers(session!.Chat(), null, often)
            : new ScoredAnswers(tuned is null ? session!.Model(cancellation) : tuned.Model, [], new LikelihoodOptions());
        ModelProvenance origin = tuned?.Provenance ?? new ModelProvenance("A model behind a server.");
        var forecasts = new SavedForecasts(parsed.GetValue(_folder)!);
        ForecastComparison found = Screen.Work(parsed.GetValue(_quiet),
            p => forecasts.Score(answers, origin, parsed.GetValue(_subject), p, cancellation));
        foreach (string mismatch in ForecastScoreReport.Mismatches(found)) Screen.Say(mismatch);
        if (parsed.GetValue(_output) is { } place)
        {
            ReportDocument document = ForecastScoreReport.Of(found, CommonOptions.CommandOf(parsed));
            document.Save(Path.Combine(place, "report.json"));
            HtmlReport.Write(document, Path.Combine(place, "report.html"));
        }
        if (parsed.GetValue(_json)) Screen.Data(found);
        else Print(found);
        if (!parsed.GetValue(_quiet)) session?.SayUsage();
        return ExitCode.Done;
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
