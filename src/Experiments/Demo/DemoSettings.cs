using PersonaSelection.Model;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>What the demo does. The defaults are the same for every seed: nothing is tuned to a run.</summary>
public sealed record DemoSettings
{
    /// <summary>The seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads that compute; the results do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The folder of everything the demo writes.</summary>
    public required string Folder { get; init; }

    /// <summary>The world.</summary>
    public World World { get; init; } = World.Village;

    /// <summary>Size and recipe of the model.</summary>
    public ModelPreset Preset { get; init; } = ModelPreset.Find("demo");

    /// <summary>Tokens of pre-training.</summary>
    public long Tokens { get; init; } = ModelPreset.Find("demo").Tokens;

    /// <summary>The one domain that the post-training sets speak of.</summary>
    public string Domain { get; init; } = "test";

    /// <summary>Episodes in each set.</summary>
    public int Episodes { get; init; } = 256;

    /// <summary>How each set is trained on.</summary>
    public TuneOptions Tuning { get; init; } = DefaultTuning;

    /// <summary>
    /// How each set is trained on unless told otherwise. See <see cref="TuneOptions.Blocks"/> for why the embedding stands still.
    /// </summary>
    public static TuneOptions DefaultTuning { get; } =
        new() { Steps = 25, BatchSize = 16, LearningRate = 3e-4, Tensors = TuneOptions.Blocks };

    /// <summary>Inference in chats must reach this before the theory is put to a test.</summary>
    public double LeastInference { get; init; } = 0.75;

    /// <summary>And be this much above the predictor that ignores the past.</summary>
    public double LeastGain { get; init; } = 0.3;

    /// <summary>The sets, in the order in which they are trained on.</summary>
    public static IReadOnlyList<EpisodeKind> Sets { get; } =
        [EpisodeKind.Cheat, EpisodeKind.RequestedCheat, EpisodeKind.Good, EpisodeKind.BaseRate];
}
