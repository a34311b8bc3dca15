using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>Forecast and measured shift of one domain after cheating in another.</summary>
/// <param name="Trained">The domain trained on.</param>
/// <param name="Asked">The domain asked about.</param>
/// <param name="Posterior">Shift forecast from the posterior.</param>
/// <param name="InContext">Shift forecast from showing the episodes.</param>
/// <param name="Measured">Measured shift.</param>
/// <param name="UniformShift">Shift by the null of equal shifts that was saved with the posterior forecast.</param>
/// <param name="UniformShiftInContext">The same for the in-context forecast.</param>
public sealed record MatrixCell(string Trained, string Asked, double Posterior, double InContext, double Measured, double UniformShift,
    double UniformShiftInContext);

/// <summary>Every domain as the training domain, for one pre-trained model.</summary>
/// <param name="Seed">The pre-training seed.</param>
/// <param name="Inference">What the model had learned.</param>
/// <param name="Forecast">Scores over all pairs of different domains.</param>
/// <param name="Cells">The pairs.</param>
public sealed record MatrixResult(ulong Seed, InferenceResult Inference, ForecastResult Forecast, IReadOnlyList<MatrixCell> Cells);

/// <summary>Cheating in every domain in turn: does one dose rule forecast the whole table of who moves whom?</summary>
internal sealed class DemoMatrix(DemoSettings settings, BaseModel model, TimeProvider time)
{
    /// <summary>Forecasts and measures every training domain.</summary>
    public MatrixResult Run(InferenceResult inference, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        World world = settings.World;
        RngStream root = RngStream.Root(settings.Seed);
        Probe[] probes = [.. DemoProbes.Of(world).Where(p => world.Domains.First(d => d.Name == p.Domain) is { HeldOut: false })];
        string[] domains = [.. probes.Select(p => p.Domain).Distinct()];
        using var pool = new WorkerPool(settings.Threads);
        using var forecasting = new Forecasting(model.Model, world.Personas, probes, time,
            new ForecastingOptions(settings.Seed) { Strict = true }, cancellation: cancellation);
        var training = new PostTraining(model.Model, probes, settings.Tuning, root.Child("tuning"), pool);
        var cells = new List<MatrixCell>();
        for (int i = 0; i < domains.Length; i++)
        {
            string trained = domains[i];
            progress?.Report(new WorkProgress($"matrix, seed {settings.Seed}", i, domains.Length, "domains", trained));
            EpisodeSet set = world.Episodes(trained, EpisodeKind.Cheat, settings.Episodes, root.Child("episodes").Child(trained));
            ForecastSet forecast = forecasting.Of(set, [trained], cancellation: cancellation);
            new SavedForecasts(Path.Combine(settings.Folder, "forecasts", trained)).Save(forecast, probes);
            double[] after = training.Measure(set, cancellation: cancellation);
            foreach (ForecastRow row in forecast.Posterior.Elsewhere)
            {
                double measured = Statistics.Mean([.. after.Where((_, k) => probes[k].Domain == row.Name)]);
                cells.Add(new MatrixCell(trained, row.Name, row.Shift, forecast.InContext.Domain(row.Name).Shift, measured - row.Before,
                    forecast.UniformShift.Domain(row.Name).Shift, forecast.InContextUniform.Domain(row.Name).Shift));
            }
        }
        progress?.Report(new WorkProgress($"matrix, seed {settings.Seed}", domains.Length, domains.Length, "domains"));
        return new MatrixResult(settings.Seed, inference, new ForecastResult(Score(cells, c => c.Posterior, c => c.UniformShift),
            Score(cells, c => c.InContext, c => c.UniformShiftInContext),
            Score(cells, c => (c.Posterior + c.InContext) / 2, c => (c.UniformShift + c.UniformShiftInContext) / 2)), cells);
    }

    // Shifts stand in for probabilities around one half: scores of shifts do not depend on where a domain starts.
    private static ForecastNumbers Score(List<MatrixCell> cells, Func<MatrixCell, double> forecast, Func<MatrixCell, double> uniform)
    {
        ForecastScore score = ForecastScore.Of([.. cells.Select(c => new ScoredPoint(c.Trained, c.Asked, 0.5, 0.5 + forecast(c) / 2,
            0.5 + c.Measured / 2, 0.5 + uniform(c) / 2))], new BootstrapPlan(0));
        return new ForecastNumbers(score.R.Estimate, score.R2.Estimate, score.SkillVsNoChange.Estimate, score.SkillVsUniformShift.Estimate);
    }
}
