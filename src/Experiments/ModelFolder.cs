using System.Text.Json;
using System.Text.Json.Serialization;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Experiments;

/// <summary>
/// A model loaded from its folder. The steering vector that a tuning by vector left beside the weights (<c>vector.json</c>) is added to its
/// activations.
/// </summary>
public sealed class ModelFolder : IDisposable
{
    /// <summary>The note of a model's provenance that says which run made it: the same run may write its folder again.</summary>
    internal const string RunNote = "run";

    private const string VectorName = "vector.json";
    private const string AdapterName = "adapter.psm";
    private const string WeightsName = "model.safetensors";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.Strict,
    };

    private readonly Transformer _loaded;

    private ModelFolder(string folder, Transformer loaded, ModelProvenance provenance)
    {
        (_loaded, Provenance) = (loaded, provenance);
        Vector = ReadVector(Path.Combine(folder, VectorName), loaded.Config);
        Model = Vector is null ? loaded : loaded.With(Vector.Apply(loaded.Config));
    }

    /// <summary>The model, the vector added.</summary>
    public Transformer Model { get; }

    /// <summary>The vector that is added; null for most models.</summary>
    public SteeringVector? Vector { get; }

    /// <summary>Where the model comes from.</summary>
    public ModelProvenance Provenance { get; }

    /// <summary>Loads a folder that psm or another program wrote.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="threads">Threads that may work at once.</param>
    /// <exception cref="UserErrorException">A file is missing, broken, of another architecture, or alien to the others.</exception>
    public static ModelFolder Open(string folder, int threads)
    {
        Transformer model = CheckpointFolder.Load(folder, threads);
        try
        {
            // Another program's checkpoint may be sharded, and then carries nothing of ours.
            bool whole = File.Exists(Path.Combine(folder, WeightsName));
            return new ModelFolder(folder, model, whole ? CheckpointFolder.ReadProvenance(folder)
                : new ModelProvenance("A checkpoint made elsewhere."));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _loaded.Dispose();

    internal static bool Holds(string folder) =>
        File.Exists(Path.Combine(folder, WeightsName)) || File.Exists(Path.Combine(folder, WeightsName + ".index.json"));

    /// <summary>
    /// Refuses to write a model over that of another run, or over files that are of no model. That of the same run may be half saved, and
    /// is written again.
    /// </summary>
    /// <exception cref="UserErrorException"><c>other-run</c>, <c>other-file</c>, or <c>cannot-write</c>.</exception>
    internal static void RequireFree(string folder, string run)
    {
        if (Holds(folder))
        {
            bool same = File.Exists(Path.Combine(folder, WeightsName))
                && CheckpointFolder.ReadProvenance(folder).Notes.GetValueOrDefault(RunNote) == run;
            if (!same) throw OtherRun(folder);
            return;
        }
        AtomicFile.RequireWritable(folder);
        if (PartFolder.IsThere(folder, PartId(run))) return;
        if (((string[])[.. CheckpointFolder.Names, VectorName, AdapterName]).FirstOrDefault(n => Path.Exists(Path.Combine(folder, n)))
            is { } foreign)
            throw new UserErrorException("other-file", $"{Path.Combine(folder, foreign)} is there already and is of no model.",
                $"Choose another folder with -o; or delete {folder}, if a model was being saved there when the run was killed.");
    }

    /// <summary>
    /// Saves a model into a folder that <see cref="RequireFree"/> let pass: all files are made aside and then moved in, the weights last.
    /// A kill leaves what says that the same run may go on, and nothing that a model of another run would take for its own.
    /// </summary>
    internal static void Save(string folder, string run, Transformer model, ModelProvenance provenance, SteeringVector? vector = null,
        LowRankAdapter? adapter = null)
    {
        var part = new PartFolder(folder, PartId(run));
        CheckpointFolder.Save(part.Path, model,
            provenance with { Notes = new Dictionary<string, string>(provenance.Notes) { [RunNote] = run } });
        adapter?.Save(Path.Combine(part.Path, AdapterName));
        if (vector is not null) SaveVector(part.Path, vector);
        part.MoveOut([.. CheckpointFolder.Names.Reverse(), .. vector is null ? (string[])[] : [VectorName],
            .. adapter is null ? (string[])[] : [AdapterName]]);
        part.Delete();
    }

    /// <summary>Takes away what a kill left between the last file of a run and the end of <see cref="Save"/>, and the checkpoint.</summary>
    internal static void Finish(string folder, string run, string checkpoint)
    {
        AtomicFile.Delete(checkpoint);
        if (PartFolder.IsThere(folder, PartId(run))) new PartFolder(folder, PartId(run)).Delete();
    }

    internal static UserErrorException OtherRun(string folder) => new("other-run",
        $"{folder} holds another model: one that was trained with other settings or other data.",
            "Choose another folder with -o, or delete this one.");

    private static ContentId PartId(string run) => ContentId.Of("model", run);

    private static void SaveVector(string folder, SteeringVector vector) =>
        AtomicFile.WriteText(Path.Combine(folder, VectorName), JsonSerializer.Serialize(new VectorFile(1, vector.Site, vector.Values),
            Json) + "\n");

    private static SteeringVector? ReadVector(string path, DecoderConfig config)
    {
        if (!File.Exists(path)) return null;
        JsonElement root = JsonFile.ReadRecord(path, "steering vector", 1);
        try
        {
            VectorFile file = root.Deserialize<VectorFile>(Json)!;
            if (!ActivationSite.All(config).Contains(file.Site)) throw new JsonException($"the model has no site '{file.Site}'");
            if (file.Values.Length != config.Width
                || !file.Values.All(float.IsFinite)) throw new JsonException($"it needs {config.Width} finite values");
            return new SteeringVector(file.Site, file.Values);
        }
        catch (JsonException e)
        {
            throw new UserErrorException("bad-vector", $"{path} is no steering vector of this model: {e.Message.TrimEnd('.')}.",
                "Tune the model again.", e);
        }
    }

    private sealed record VectorFile(int Schema, string Site, float[] Values);
}
