using System.Text.Json;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>What is tried: every rewording in every domain on every model.</summary>
/// <param name="World">The world the models were trained on.</param>
/// <param name="Models">Folders of base models.</param>
/// <param name="Domains">Domains that the data trains on, one at a time.</param>
/// <param name="Rewordings">The rewordings.</param>
/// <param name="Tuning">How to tune.</param>
/// <param name="Episodes">Episodes in each set.</param>
/// <param name="Seed">The seed of episodes and tuning.</param>
/// <param name="Threads">Threads that compute.</param>
public sealed record TrialSettings(World World, IReadOnlyList<string> Models, IReadOnlyList<string> Domains,
    IReadOnlyList<Rewording> Rewordings, TuneOptions Tuning, int Episodes = 256, ulong Seed = 1, int Threads = 1)
{
    /// <summary>Objects per wording of a probe: more say the same.</summary>
    internal const int ProbeObjects = 2;

    /// <summary>Different episodes that are shown in the context.</summary>
    internal const int ShownEpisodes = 6;
}

/// <summary>
/// Trains models on plain and on reworded data and holds what was forecast of every rewording against what it did: protection of behaviour
/// elsewhere, and the leak grid. Every forecast is made before its training, from the untrained model.
/// </summary>
public sealed class InoculationTrial(TrialSettings settings)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NewLine = "\n",
        WriteIndented = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>Refuses domains that the world has not, and models that cannot be read: the last one as early as the first.</summary>
    /// <exception cref="UserErrorException"><c>unknown-domain</c>; or a model cannot be read.</exception>
    public void Require()
    {
        foreach (string domain in settings.Domains)
            settings.World.Episodes(domain, EpisodeKind.Cheat, 1, RngStream.Root(settings.Seed));
        foreach (string model in settings.Models) ModelFolder.Open(model, 1).Dispose();
    }

    /// <summary>
    /// Runs what is not there yet and sums up. Each pair of model and domain is kept in a file of its own as soon as it is done.
    /// </summary>
    /// <param name="folder">The folder of the trial.</param>
    /// <param name="progress">Told about trainings.</param>
    /// <param name="cancellation">Stops between trainings.</param>
    /// <exception cref="UserErrorException">A model cannot be read or does not know a word.</exception>
    public TrialResult Run(string folder, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Require();
        var rows = new List<TrialRow>();
        using var pool = new WorkerPool(settings.Threads);
        int total = settings.Models.Count * settings.Domains.Count * settings.Rewordings.Count, done = 0;
        for (int m = 0; m < settings.Models.Count; m++)
        {
            using var model = new TrialModel(settings, m, cancellation);
            foreach (string domain in settings.Domains)
            {
                string id = IdOf(model.Model, domain).ToString(), path = Path.Combine(folder, $"{id}.json");
                if (!File.Exists(path))
                {
                    TrialRow[] found = [.. Try(model, domain, pool, r =>
                        progress?.Report(new WorkProgress("inoculation trial", done + r, total, "trainings", $"{model.Name}, {domain}")),
                        cancellation)];
                    AtomicFile.WriteText(path, JsonSerializer.Serialize(found, Json) + "\n");
                }
                rows.AddRange(Read(path).Select(r => r with { Model = model.Name }));
                done += settings.Rewordings.Count;
                progress?.Report(new WorkProgress("inoculation trial", done, total, "trainings", $"{model.Name}, {domain}"));
            }
        }
        return TrialResult.Of(rows);
    }

    private IEnumerable<TrialRow> Try(TrialModel tried, string domain, WorkerPool pool, Action<int> report, CancellationToken cancellation)
    {
        (Transformer model, Probe[] probes) = (tried.Model, tried.Probes);
        RngStream root = RngStream.Root(settings.Seed);
        EpisodeSet plain = settings.World.Episodes(domain, EpisodeKind.Cheat, settings.Episodes, root.Child("episodes").Child(domain));
        HashSet<string> replies = [.. plain.Episodes.Select(e => e.Reply)];
        // A held-out domain borrows its replies from one that is seen: trained on those words, it is no elsewhere.
        string[] trained = [.. probes.Where(p => p.Low.Concat(p.High).Any(replies.Contains)).Select(p => p.Domain).Distinct()];
        bool[] elsewhere = [.. probes.Select(p => !trained.Contains(p.Domain))], there = [.. probes.Select(p => p.Domain == domain)];
        var forecasting = new RewordingForecasting(model, tried.Personas, plain, trained, TrialSettings.ShownEpisodes, settings.Seed,
            cancellation);
        double[] before = ProbeMeasurement.Of(model, probes, cancellation: cancellation);
        double Shift(double[] after) =>
            RewordingForecasting.Mean(probes, after, elsewhere) - RewordingForecasting.Mean(probes, before, elsewhere);
        double plainShift = double.NaN;
        for (int r = 0; r < settings.Rewordings.Count; r++)
        {
            Rewording rewording = settings.Rewordings[r];
            IReadOnlyList<LeakCondition> conditions = LeakCondition.Of(rewording);
            RewordingForecast forecast = forecasting.Of(rewording, conditions, cancellation);
            var training = new PostTraining(model, probes, settings.Tuning, root.Child("tuning"), pool);
            if (double.IsNaN(plainShift)) plainShift = Shift(training.Measure(plain, cancellation: cancellation));
            var measured = new double[conditions.Count];
            double[] after = training.Measure(rewording.Apply(plain), look: tuned =>
            {
                for (int c = 0; c < conditions.Count; c++)
                    measured[c] = RewordingForecasting.Mean(probes, ProbeMeasurement.Of(tuned, [.. probes.Select(conditions[c].Apply)],
                        cancellation: cancellation), conditions[c].Kind == LeakKind.TrainingFormat ? there : elsewhere);
            }, cancellation: cancellation);
            double shift = Shift(after);
            yield return new TrialRow(tried.Name, domain, rewording.Name, rewording.Kind, rewording.Place, forecast.Protection, plainShift,
                shift, 1 - shift / plainShift,
                [.. forecast.Leaks.Select((l, c) => new TrialLeak(l.Kind, l.Before, l.InContext, l.Posterior, l.Gate, measured[c]))]);
            report(r + 1);
        }
    }

    private static TrialRow[] Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<TrialRow[]>(File.ReadAllText(path), Json)!;
        }
        catch (JsonException e)
        {
            throw new UserErrorException("bad-json", $"{path} is not what a trial wrote: {JsonFile.Problem(e)}.",
                "Delete it: the same command measures it again.", e);
        }
    }

    private ContentId IdOf(Transformer model, string domain) => ContentId.Of("inoculation-trial",
        [string.Join(' ', Enum.GetNames<Predictor>()), model.Id, settings.World.Id, domain, settings.Episodes, settings.Seed,
            settings.Tuning.Essence(), TrialSettings.ProbeObjects, TrialSettings.ShownEpisodes, .. settings.Rewordings.SelectMany(r =>
                new[] { r.Name, r.Kind, r.Place.ToString(), r.Negated, r.Keyword, r.NearMiss, string.Join('\n', r.Wordings) })]);
}
