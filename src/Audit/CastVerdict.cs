using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>A persona in the verdict.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What sort of character it is.</param>
/// <param name="Prior">How probable it was before the data.</param>
/// <param name="Posterior">How probable the data make it.</param>
/// <param name="Low">Lower end of the 95 % interval of <paramref name="Posterior"/>; null where nothing was redrawn.</param>
/// <param name="High">Upper end.</param>
/// <param name="Share">Estimated fraction of the episodes, by weight, that it spoke; null when no episode has a positive weight, and for
/// evidence in context.</param>
/// <param name="ShareLow">Lower end of the interval of <paramref name="Share"/>; null where nothing was redrawn.</param>
/// <param name="ShareHigh">Upper end.</param>
/// <param name="Evidence">Mean evidence per unit of weight, nats, relative to the prior's mean over personas who could
/// have spoken all episodes; null for minus infinity.</param>
public sealed record PersonaVerdict(string Name, string Kind, double Prior, double Posterior, double? Low, double? High, double? Share,
    double? ShareLow, double? ShareHigh, double? Evidence);

/// <summary>A trait in the verdict: its mean over personas before and after.</summary>
/// <param name="Name">The trait.</param>
/// <param name="Before">Mean under the prior.</param>
/// <param name="After">Mean under the posterior.</param>
/// <param name="Low">Lower end of the 95 % interval of <paramref name="After"/>; null where nothing was redrawn.</param>
/// <param name="High">Upper end.</param>
public sealed record TraitVerdict(string Name, double Before, double After, double? Low, double? High);

/// <summary>How the dose was found; see <see cref="GainDose"/>.</summary>
/// <param name="How"><c>attained</c>, <c>information-bound</c>, <c>no-gain</c> or <c>given</c>.</param>
/// <param name="EffectiveObservations">How many observations the whole data count for: dose times the sum of |weights|.</param>
/// <param name="Gain">By how much the dose makes the data's own replies more probable, nats per unit of weight.</param>
/// <param name="Attainable">The most that a change of character could.</param>
/// <param name="Information">Nats by which the posterior departs from the prior.</param>
public sealed record DoseVerdict(GainOutcome How, double EffectiveObservations, double Gain, double Attainable, double Information);

/// <summary>Who some data cast as the Assistant: <c>cast.json</c>, and what <c>psm audit --json</c> prints.</summary>
public sealed record CastVerdict
{
    /// <summary>The version of the file format.</summary>
    public const int CurrentSchema = 1;

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The version of the file format.</summary>
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>What the data are called.</summary>
    public required string Data { get; init; }

    /// <summary>Number of episodes.</summary>
    public required long Episodes { get; init; }

    /// <summary>Those of negative weight: replies that training pushes away from.</summary>
    public long Rejected { get; init; }

    /// <summary>How the evidence was obtained.</summary>
    public required string Evidence { get; init; }

    /// <summary>The personas, most probable first.</summary>
    public required IReadOnlyList<PersonaVerdict> Personas { get; init; }

    /// <summary>The traits, in the order of the personas' file.</summary>
    public required IReadOnlyList<TraitVerdict> Traits { get; init; }

    /// <summary>exp(entropy) of the posterior.</summary>
    public required double EffectivePersonas { get; init; }

    /// <summary>beta: how much of one observation a unit of weight counts for.</summary>
    public required double Dose { get; init; }

    /// <summary>How the dose was found.</summary>
    public required DoseVerdict DoseFit { get; init; }

    /// <summary>The ledger's place; null when none was written.</summary>
    public required string? Ledger { get; init; }

    /// <summary>Lines left out because they hold no training example.</summary>
    public long BadLines { get; init; }

    /// <summary>Episodes of which some did not fit into the model.</summary>
    public long Cut { get; init; }

    /// <summary>Episodes that the model could not read at all.</summary>
    public long Unread { get; init; }

    /// <summary>How many clusters intervals redraw: those that have a weight.</summary>
    public int Clusters { get; init; }

    /// <summary>What a cluster is: <c>contexts</c> or <c>lines</c>.</summary>
    public string Redrawn { get; init; } = "contexts";

    /// <summary>What the evidence is worth where part of it was estimated; null, and absent from the file, where none was.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public AdaptiveVerdict? Adaptive { get; init; }

    /// <summary>Content ids of what it was made from, by role.</summary>
    public IReadOnlyDictionary<string, string> Provenance { get; init; } = new Dictionary<string, string>();

    /// <summary>The most probable persona.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public PersonaVerdict Leading => Personas[0];

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Json) + "\n");
}
