using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Reads and writes the weights of a Hugging Face checkpoint of the Llama kind: one safetensors file, or several with an index.
/// </summary>
internal static class LlamaWeightsFile
{
    public const string FileName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";
    private const int SliceLength = 1 << 20;
    private const string Remedy = "Download or export the model folder again; its files do not belong together.";

    public static void Save(string folder, DecoderWeights weights, IReadOnlyDictionary<string, string> metadata) =>
        SafetensorsWriter.Write(Path.Combine(folder, FileName),
            [.. LlamaTensor.All(weights.Config).Select(t => new TensorToStore(t.Name, t.Shape, target => t.CopyFrom(weights, target)))],
                metadata);

    /// <summary>Reads all weights; every name and shape is checked before memory is taken.</summary>
    public static DecoderWeights Load(string folder, DecoderConfig config, int threads, out IReadOnlyDictionary<string, string> metadata)
    {
        DecoderWeights? weights = null;
        try
        {
            metadata = Read(folder, config, threads, () => weights = new DecoderWeights(config));
            return weights!;
        }
        catch
        {
            weights?.Dispose();
            throw;
        }
    }

    /// <summary>Reads all weights into those that <paramref name="into"/> gives once every name and shape is checked.</summary>
    /// <returns>The metadata of the first file.</returns>
    public static IReadOnlyDictionary<string, string> Read(string folder, DecoderConfig config, int threads, Func<DecoderWeights> into)
    {
        var files = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        try
        {
            Dictionary<string, string>? index = ReadIndex(folder);
            if (index is null) files[FileName] = SafetensorsFile.Open(Path.Combine(folder, FileName));
            else foreach (string file in index.Values.Distinct()) files[file] = SafetensorsFile.Open(Path.Combine(folder, file));
            List<LlamaTensor> wanted = LlamaTensor.All(config);
            foreach ((string name, SafetensorsFile file) in files) Quantised.Refuse(Path.Combine(folder, name), file, wanted);
            CheckNames(folder, config, wanted, files.Values);
            var places = wanted.Select(t => (Tensor: t, File: Find(folder, t, index, files))).ToList();
            Read(places, into(), threads);
            return files.Values.First().Metadata;
        }
        finally
        {
            foreach (SafetensorsFile file in files.Values) file.Dispose();
        }
    }

    private static void Read(List<(LlamaTensor Tensor, SafetensorsFile File)> places, DecoderWeights weights, int threads)
    {
        (LlamaTensor Tensor, SafetensorsFile File, int Row, int Rows)[] slices = [.. places.SelectMany(p =>
        {
            int rows = Math.Max(1, SliceLength / p.Tensor.RowLength);
            return Enumerable.Range(0, (p.Tensor.Rows + rows - 1) / rows)
                .Select(i => (p.Tensor, p.File, i * rows, Math.Min(rows, p.Tensor.Rows - (i * rows))));
        })];
        int longest = slices.Max(s => s.Rows * s.Tensor.RowLength);
        using var pool = new WorkerPool(threads);
        float[][] buffers = [.. Enumerable.Range(0, threads).Select(_ => new float[longest])];
        pool.Run(slices.Length, (job, worker) =>
        {
            (LlamaTensor tensor, SafetensorsFile file, int row, int rows) = slices[job];
            Span<float> numbers = buffers[worker].AsSpan(0, rows * tensor.RowLength);
            file.Read(tensor.Name, (long)row * tensor.RowLength, numbers);
            tensor.CopyTo(weights, numbers, row);
        });
    }

    private static SafetensorsFile Find(
        string folder, LlamaTensor tensor, Dictionary<string, string>? index, Dictionary<string, SafetensorsFile> files)
    {
        string name = FileName;
        if (index is not null && !index.TryGetValue(tensor.Name, out name!))
            throw Broken($"{Path.Combine(folder, IndexName)} does not say where \"{tensor.Name}\" is.");
        if (!files[name].Tensors.TryGetValue(tensor.Name, out StoredTensor? stored))
            throw Broken($"{Path.Combine(folder, name)} has no tensor \"{tensor.Name}\", which its config.json asks for.");
        if (!stored.Shape.SequenceEqual(tensor.Shape.Select(s => (long)s)))
        {
            throw Broken($"{Path.Combine(folder, name)} holds \"{tensor.Name}\" as [{string.Join(", ", stored.Shape)}], "
                + $"but config.json asks for [{string.Join(", ", tensor.Shape)}].");
        }
        return files[name];
    }

    // A tensor nobody asked for (a bias, a norm of queries) means another architecture; running without it would give wrong numbers
    // silently.
    private static void CheckNames(string folder, DecoderConfig config, List<LlamaTensor> wanted, IEnumerable<SafetensorsFile> files)
    {
        HashSet<string> known = [.. wanted.Select(t => t.Name)];
        foreach (string name in files.SelectMany(f => f.Tensors.Keys))
        {
            bool spare = name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) || config.TieEmbeddings && name == "lm_head.weight";
            if (!known.Contains(name) && !spare)
                throw new UserErrorException("unsupported-model",
                    $"The model in {folder} has a tensor \"{name}\" that a decoder of its type has not.",
                    "Use a Llama, Mistral, Qwen 2 or Qwen 3 checkpoint as it was published.");
        }
    }

    private static Dictionary<string, string>? ReadIndex(string folder)
    {
        string path = Path.Combine(folder, IndexName);
        if (File.Exists(Path.Combine(folder, FileName)) || !File.Exists(path)) return null;
        using JsonDocument document = JsonFile.Read(path, Remedy, 64 << 20);
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        JsonElement entries;
        try
        {
            entries = JsonField.Object(document.RootElement, "weight_map");
            foreach (JsonProperty entry in entries.EnumerateObject()) JsonField.TextOf(entry.Value, entry.Name);
        }
        catch (FormatException e)
        {
            throw Broken($"{path} does not say where the weights are: {e.Message}");
        }
        foreach (JsonProperty entry in entries.EnumerateObject())
        {
            string file = entry.Value.GetString()!;
            // A name with a path in it could reach outside the folder.
            if (file.Length == 0 || file != Path.GetFileName(file) || file.Contains('\\', StringComparison.Ordinal))
                throw Broken($"{path} names an impossible file for \"{entry.Name}\".");
            map[entry.Name] = file;
        }
        if (map.Count == 0) throw Broken($"{path} names no files.");
        return map;
    }

    private static UserErrorException Broken(string problem) => new("corrupt-checkpoint", problem, Remedy);
}
