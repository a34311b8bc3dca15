using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>
/// Adapters that were fitted one by one, tuned together to tell their examples apart. Kept in the store as a folder of its own: the
/// held-out readings of each persona from step 0, the adapter as it came, and every adapter at every later point. A fit that was killed
/// goes on from its last checkpoint to the same bits.
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="options">How to fit.</param>
/// <param name="store">Where fits are kept.</param>
/// <param name="pool">The workers.</param>
internal sealed class ContrastFit(Transformer model, FitOptions options, ArtifactStore store, WorkerPool pool)
{
    private const double LeastScale = 0.05;
    private const int CheckpointEvery = 20;

    /// <summary>Fits, or finds what was fitted.</summary>
    /// <param name="adapters">[persona]: the file of the adapter to start from.</param>
    /// <param name="examples">What the personas are fitted to, and asked about.</param>
    /// <param name="scale">The scale at which they are told apart so far: 1 / temperature.</param>
    /// <param name="from">The content id of everything so far.</param>
    /// <param name="progress">Told about steps.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The folder.</returns>
    public string Run(IReadOnlyList<string> adapters, FitExamples examples, double scale, ContentId from,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        TuneOptions tune = Tuning(examples.Learnt);
        scale = Math.Clamp(scale, LeastScale, 1);
        return store.GrowFolder(ContentId.Of("persona-contrast", from, tune, scale, options.ContrastLikelihood), folder =>
        {
            LowRankAdapter[] moved = [.. adapters.Select(a => LowRankAdapter.Load(a, model.Config))];
            try
            {
                TellApart(folder, moved, examples, scale, tune, progress, cancellation);
            }
            finally
            {
                foreach (LowRankAdapter adapter in moved) adapter.Dispose();
            }
        });
    }

    private TuneOptions Tuning(IReadOnlyList<IReadOnlyList<TuneExample>> learnt)
    {
        double mean = learnt.Average(l => l.Average(x => (double)x.Reply.Length));
        int each = Math.Max(1, (int)Math.Round(options.StepTokens / mean));
        double seen = Math.Min(options.MostTokens / mean, options.ContrastPasses * learnt.Average(l => l.Count));
        int every = Math.Max(1, (int)Math.Ceiling(seen / each / options.ContrastPoints));
        return new TuneOptions
        {
            Method = TuneMethod.LowRank,
            Steps = every * options.ContrastPoints,
            BatchSize = each * learnt.Count,
            LearningRate = options.ContrastRate,
            WarmupSteps = Math.Min(10, every),
            FinalLearningRate = 0.1,
            EvaluateEvery = every,
            CheckpointEvery = 0,
            Stage = "telling personas apart",
        };
    }

    private void TellApart(string folder, LowRankAdapter[] moved, FitExamples examples, double scale, TuneOptions tune,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        string checkpoint = Path.Combine(folder, "checkpoint");
        bool begun = File.Exists(checkpoint);
        List<FitPoint>[] curves = [.. moved.Select((_, h) => begun ? FitCurve.Load(CurveOf(h)).ToList() : [])];
        if (!begun) Point(0);
        // What comes out does not depend on how often it is saved.
        new ContrastTuner(model.Weights, tune with { CheckpointPath = checkpoint, CheckpointEvery = CheckpointEvery }, scale,
            options.ContrastLikelihood, RngStream.Root(options.Seed).Child("persona-contrast"), pool)
        {
            AtPoint = Point,
        }.Run(moved, examples.Learnt, progress, cancellation);
        File.Delete(checkpoint);

        string CurveOf(int h) => Path.Combine(folder, $"{h}.json");

        // A point after the checkpoint is measured again.
        void Point(int step)
        {
            for (int h = 0; h < moved.Length; h++)
            {
                if (step > 0) moved[h].Save(Path.Combine(folder, $"{h}-{step}.adapter"));
                using DecoderWeights merged = moved[h].Merge(model.Weights);
                using var own = new Transformer(merged, model.Tokenizer, model.Template, model.Threads);
                curves[h].RemoveAll(p => p.Step >= step);
                curves[h].Add(examples.Asked.Read(h, step, own, cancellation));
                FitCurve.Save(CurveOf(h), curves[h]);
            }
        }
    }
}
