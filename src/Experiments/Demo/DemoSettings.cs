using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>What the demo does. The defaults are the same for every seed: nothing is tuned to a run.</summary>
public sealed record DemoSettings
{
    // Forecasts are held against shifts by their correlation.
    private const int FewestElsewhere = 3;

    /// <summary>The seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads that compute; the results do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The folder of everything the demo writes.</summary>
    public required string Folder { get; init; }

    /// <summary>The world.</summary>
    public World World { get; init; } = World.Village;

    /// <summary>The command that does the same again, for the report.</summary>
    public string Command { get; init; } = "psm demo";

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

    /// <summary>Refuses a world in which the demo has nothing to compare.</summary>
    /// <param name="full">Whether the control worlds are asked for, too.</param>
    /// <exception cref="UserErrorException"><c>unknown-domain</c>; or <c>world-unfit</c>, with all that is missing.</exception>
    public void Require(bool full = false)
    {
        World.Episodes(Domain, EpisodeKind.Cheat, 1, RngStream.Root(Seed));
        string[] elsewhere = [.. World.Domains.Where(d => !d.HeldOut && d.Name != Domain).Select(d => d.Name)];
        string chat = BaseModel.ChatGenre(World);
        var missing = new List<string>();
        if (World.Domains.Any(d => d.HeldOut && d.Name == Domain)) missing.Add($"documents that speak of '{Domain}', which is held out");
        if (elsewhere.Length < FewestElsewhere) missing.Add($"{FewestElsewhere} other domains that are not held out");
        if (!Sets.All(World.CanAsk)) missing.Add("requests for the bad act (sayBad)");
        if (!World.HasInferenceProbes(chat)) missing.Add($"chats ({chat}) with an act that nobody asks for after another");
        if (full && WorldControl.Split(World, Domain) is var (same, off) && (same.Length == 0 || off.Length == 0))
            missing.Add($"for the control worlds, domains that hang on the main trait of '{Domain}' and domains that hang on none of its");
        if (missing.Count == 0) return;
        throw new UserErrorException("world-unfit", $"The demo cannot be given in the world {World.Name}, which lacks "
            + $"{string.Join("; ", missing)}.",
            "Add them to the world's file, or name another --domain; corpus new, model train and forecast ask for less.");
    }
}
