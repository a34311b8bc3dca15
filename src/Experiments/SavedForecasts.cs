using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Experiments;

/// <summary>A domain of a forecast beside what was measured.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Trained">Whether the data trains on it.</param>
/// <param name="Before">P(low pole) of the model that was forecast from.</param>
/// <param name="Posterior">Forecast from the posterior over personas.</param>
/// <param name="InContext">Forecast from showing the episodes in the context.</param>
/// <param name="Mean">The mean of both.</param>
/// <param name="Low">Where the range begins in which the measured rate was expected; the mean for a domain that is trained on.</param>
/// <param name="High">Where it ends.</param>
/// <param name="Measured">P(low pole) of the tuned model.</param>
public sealed record ComparedDomain(string Domain, bool Trained, double Before, double Posterior, double InContext, double Mean,
    double Low, double High, double Measured)
{
    /// <summary>Whether the measured rate lies in the range; null for a domain that is trained on, which has none.</summary>
    public bool? InRange => Trained ? null : Measured >= Low && Measured <= High;
}

/// <summary>Saved forecasts beside the measurement of a tuned model.</summary>
/// <param name="Subject">The data that was forecast.</param>
/// <param name="Model">The content id of the tuned model.</param>
/// <param name="SameBase">Whether the tuned model says that it was tuned from the model that was forecast from.</param>
/// <param name="SameData">Whether it says that it was tuned on the data that were forecast.</param>
/// <param name="Domains">Every domain.</param>
/// <param name="RangeLevel">The share of the domains not trained on that was expected in their ranges.</param>
/// <param name="Posterior">The score of the posterior's forecast over the domains not trained on.</param>
/// <param name="InContext">The same of the in-context forecast.</param>
/// <param name="Mean">The same of the mean of the two.</param>
public sealed record ForecastComparison(string Subject, string Model, bool SameBase, bool SameData, IReadOnlyList<ComparedDomain> Domains,
    double RangeLevel, ForecastScore Posterior, ForecastScore InContext, ForecastScore Mean)
{
    /// <summary>
    /// Whether what the posterior forecast says with probability p comes with probability p: probes of the domains not trained on.
    /// </summary>
    public required CalibrationCurve PosteriorCalibration { get; init; }

    /// <summary>The same of the in-context forecast.</summary>
    public required CalibrationCurve InContextCalibration { get; init; }

    /// <summary>Probes that were forecast and are not measured, as they are no longer in the folder.</summary>
    public int Unmeasured { get; init; }

    /// <summary>Probes that are measured, and count in the rates of their domains, though nothing was forecast of them.</summary>
    public int Unforecast { get; init; }

    /// <summary>How the measured answers were sampled; null for exact probabilities.</summary>
    public string? Sampled { get; init; }

    /// <summary>How the answers that were forecast from were sampled; null for exact probabilities.</summary>
    public string? ForecastSampled { get; init; }
}

/// <summary>
/// A folder of forecasts of one or more data sets, with the probes they speak of. A forecast is written once: the same one keeps its first
/// date, another one under its name is refused.
/// </summary>
public sealed class SavedForecasts(string folder)
{
    private const string ProbesName = "probes.jsonl";

    /// <summary>Saves forecasts and probes: those that are not there, as a kill may have left some.</summary>
    /// <exception cref="UserErrorException"><c>other-forecast</c>: the folder holds another one of that name, or other probes.</exception>
    public void Save(ForecastSet set, IReadOnlyList<Probe> probes)
    {
        string probesPath = Path.Combine(folder, ProbesName);
        if (File.Exists(probesPath) && ProbeMeasurement.IdOf(ProbeFile.Load(probesPath)) != ProbeMeasurement.IdOf(probes))
            throw Other("probes");
        string subject = set.Posterior.Subject, evidence = Path.Combine(folder, $"{subject}.evidence.jsonl");
        // The posterior last: by it a folder is known to be whole.
        (string Path, Forecast Forecast)[] files =
        [
            .. new[] { set.InContext, set.Mean, set.NoChange, set.UniformShift }.Select(f => (PlaceOf(f), f)),
            (Path.Combine(folder, $"{subject}.in-context-uniform.json"), set.InContextUniform), (PlaceOf(set.Posterior), set.Posterior),
        ];
        foreach ((string path, Forecast forecast) in files)
            if (File.Exists(path) && Forecast.Load(path).Id != forecast.Id) throw Other($"a forecast of {subject}");
        if (!File.Exists(files[^1].Path) && File.Exists(evidence) && EvidenceTable.Load(evidence).Id != set.Evidence.Id)
            throw Other($"evidence of {subject}");
        Complete(probesPath, path => ProbeFile.Save(path, probes));
        Complete(evidence, set.Evidence.Save);
        foreach ((string path, Forecast forecast) in files) Complete(path, forecast.Save);
    }

    private static void Complete(string path, Action<string> save)
    {
        AtomicFile.DeleteHalves(path);
        if (!File.Exists(path)) save(path);
    }

    /// <summary>Measures a tuned model on the saved probes and holds the saved forecasts against it.</summary>
    /// <param name="tuned">How the tuned model answers.</param>
    /// <param name="origin">What it says of where it comes from.</param>
    /// <param name="subject">Which data; null for the one that the model says it was tuned on, or the only one there is.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">No such forecast, or a file is damaged or altered.</exception>
    public ForecastComparison Score(IProbeAnswers tuned, ModelProvenance origin, string? subject = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Forecast posterior = Choose(origin, subject);
        Forecast inContext = Forecast.Load(Path.Combine(folder, $"{posterior.Subject}.in-context.json"));
        Forecast mean = MeanOf(posterior, inContext);
        IReadOnlyList<Probe> probes = ProbeFile.Load(Path.Combine(folder, ProbesName));
        double[] low = [.. tuned.AsItIs(probes, progress: progress, cancellation: cancellation).Select(r => r.Low)];
        Dictionary<string, double> measured = probes.Select((p, i) => (p.Domain, Low: low[i])).GroupBy(p => p.Domain)
            .ToDictionary(g => g.Key, g => Statistics.Mean([.. g.Select(p => p.Low)]));
        if (posterior.Domains.FirstOrDefault(d => !measured.ContainsKey(d.Name)) is { } missing)
            throw new UserErrorException("bad-forecast", $"{folder} has a forecast of the domain {missing.Name}, but no probes of it.",
                "Make the forecast again.");
        IReadOnlyList<ScoredPoint> here = PointsOf(posterior, "uniform-shift", measured),
            shown = PointsOf(inContext, "in-context-uniform", measured);
        return new ForecastComparison(posterior.Subject, tuned.Model,
            origin.ParentId == posterior.Provenance.GetValueOrDefault("model"),
            origin.CorpusId == posterior.Provenance.GetValueOrDefault("episodes"),
            [.. mean.Domains.Select(d => new ComparedDomain(d.Name, d.Trained, d.Before, posterior.Domain(d.Name).After,
                inContext.Domain(d.Name).After, d.After, d.Low, d.High, measured[d.Name]))],
            MeanForecast.LevelOf(mean),
            ForecastScore.Of(here), ForecastScore.Of(shown), ForecastScore.Of(ScoredPoint.Mean(here, shown)))
        {
            PosteriorCalibration = CalibrationOf(posterior, probes, low),
            InContextCalibration = CalibrationOf(inContext, probes, low),
            Unmeasured = posterior.Probes.Select(p => p.Name).Except(probes.Select(p => p.Id)).Count(),
            Unforecast = probes.Select(p => p.Id).Except(posterior.Probes.Select(p => p.Name)).Count(),
            Sampled = tuned.Provenance.GetValueOrDefault("sampled"),
            ForecastSampled = posterior.Provenance.GetValueOrDefault("sampled"),
        };
    }

    /// <summary>As it was written down; of forecasts that were saved without it, as it would be now.</summary>
    private Forecast MeanOf(Forecast posterior, Forecast inContext)
    {
        if (!MeanForecast.HaveOneShape(posterior, inContext)) throw NotBeside(inContext);
        string path = Path.Combine(folder, $"{posterior.Subject}.{ForecastSet.KindName(ForecastKind.Mean)}.json");
        if (!File.Exists(path)) return MeanForecast.Of(posterior, inContext, ForecastError.Village, TimeProvider.System);
        Forecast mean = Forecast.Load(path);
        return MeanForecast.HaveOneShape(posterior, mean) ? mean : throw NotBeside(mean);

        UserErrorException NotBeside(Forecast other) => new("bad-forecast",
            $"{PlaceOf(other)} is not of the domains and probes of the forecast of {posterior.Subject} beside it.",
            "Make the forecast again.");
    }

    private static CalibrationCurve CalibrationOf(Forecast forecast, IReadOnlyList<Probe> probes, double[] low)
    {
        Dictionary<string, double> measured = probes.Select((p, i) => (p.Id, Low: low[i]))
            .ToDictionary(p => p.Id, p => p.Low, StringComparer.Ordinal);
        ForecastRow[] rows = [.. forecast.Probes.Where(p => !p.Trained && measured.ContainsKey(p.Name))];
        return CalibrationCurve.Of([.. rows.Select(r => r.After)], [.. rows.Select(r => measured[r.Name])]);
    }

    private IReadOnlyList<ScoredPoint> PointsOf(Forecast forecast, string uniform, Dictionary<string, double> measured) =>
        ScoredPoint.Elsewhere(forecast, Forecast.Load(Path.Combine(folder, $"{forecast.Subject}.{uniform}.json")), measured);

    private Forecast Choose(ModelProvenance origin, string? subject)
    {
        if (!Directory.Exists(folder)) throw new UserErrorException("no-forecast", $"There is no folder {folder}.",
            "Make a forecast with 'psm forecast'.");
        Forecast[] all = [.. Directory.GetFiles(folder, "*.posterior.json").Order(StringComparer.Ordinal).Select(Forecast.Load)];
        Forecast[] chosen = subject is not null ? [.. all.Where(f => f.Subject == subject)]
            : [.. all.Where(f => f.Provenance.GetValueOrDefault("episodes") == origin.CorpusId)];
        if (chosen.Length == 0 && subject is null && all.Length == 1) chosen = all;
        return chosen.Length == 1 ? chosen[0] : throw new UserErrorException("no-forecast",
            subject is null ? $"None of the forecasts in {folder} is of the data this model was tuned on."
                : $"{folder} holds no forecast of '{subject}'.",
            all.Length == 0 ? "Make a forecast with 'psm forecast'."
                : $"Choose with --subject one of {string.Join(", ", all.Select(f => f.Subject))}.");
    }

    private string PlaceOf(Forecast forecast) => Path.Combine(folder, $"{forecast.Subject}.{ForecastSet.KindName(forecast.Kind)}.json");

    private UserErrorException Other(string what) => new("other-forecast",
        $"{folder} holds {what} already, and it is another one. A forecast is not replaced.", "Choose another folder with -o.");
}
