using PersonaSelection.Experiments.Demo;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments;

/// <summary>A model after pre-training, and how it got there.</summary>
/// <param name="Model">The model.</param>
/// <param name="Curve">Loss and inference along the way.</param>
/// <param name="Tokens">Tokens predicted in training.</param>
public sealed record BaseModel(Transformer Model, TrainingCurve Curve, long Tokens) : IDisposable
{
    /// <summary>The genre of stories.</summary>
    public const string StoryGenre = "story";

    private const int InferenceProbeCount = 1000, Resamples = 400;

    /// <summary>The longest sequence a model of a world is built for: documents, and personas put before questions.</summary>
    public static int ContextFor(World world) => (world.MaxDocumentTokens + 63) / 64 * 64;

    /// <summary>The genre in which the Assistant speaks: the world's first chat.</summary>
    public static string ChatGenre(World world) => world.ChatGenre;

    /// <summary>Whether a world has stories about one character with an act that nobody asks for after another.</summary>
    public static bool TellsStories(World world) => world.Genres.Contains(StoryGenre) && world.HasInferenceProbes(StoryGenre);

    /// <summary>How well the model infers who is speaking, on fresh documents of a genre.</summary>
    public InferenceResult Inference(World world, string genre, ulong seed)
    {
        RngStream rng = RngStream.Root(seed).Child("inference").Child(genre);
        IReadOnlyList<InferenceProbe> probes = world.InferenceProbes(genre, InferenceProbeCount, rng);
        double[] predicted = InferenceScore.Predict(Model, probes);
        InferenceScore score = InferenceScore.Of(probes, predicted);
        int[] each = [.. Enumerable.Range(0, probes.Count)];
        double[] Redrawn(Func<InferenceScore, double> of, string name) => Bootstrap.Clustered(each,
            rows => of(InferenceScore.Of(Pick(probes, rows), Pick(predicted, rows))), rng.Child(name), resamples: Resamples).Ends;
        return new InferenceResult(score.R2, score.R2PriorOnly, score.Kl, score.KlPriorOnly)
        {
            R2Interval = Redrawn(s => s.R2, "r2"),
            GainInterval = Redrawn(s => s.R2 - s.R2PriorOnly, "gain"),
        };
    }

    private static T[] Pick<T>(IReadOnlyList<T> of, ReadOnlySpan<int> rows)
    {
        var picked = new T[rows.Length];
        for (int i = 0; i < picked.Length; i++) picked[i] = of[rows[i]];
        return picked;
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
