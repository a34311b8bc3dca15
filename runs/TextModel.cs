using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Runs;

/// <summary>A small model of real text, trained from nothing: the preset `small` with one vocabulary size for every run.</summary>
internal static class TextModel
{
    private const string Passes = "passes";
    private const int Vocabulary = 1024;
    private static readonly ModelPreset Preset = ModelPreset.Find("small");

    /// <summary>Trains on dialogues, or takes what an earlier run of as many passes left in the folder.</summary>
    /// <param name="dialogues">Every episode is a document: context, reply, end.</param>
    /// <param name="passes">How often each is read.</param>
    /// <param name="folder">Where the model goes.</param>
    /// <param name="seed">First weights and order.</param>
    /// <param name="settings">Threads and progress.</param>
    /// <exception cref="UserErrorException">The folder holds a model that read its data more or less often.</exception>
    public static Transformer Train(IReadOnlyList<Episode> dialogues, double passes, string folder, ulong seed, RunSettings settings)
    {
        string often = passes.ToString(CultureInfo.InvariantCulture);
        if (File.Exists(Path.Combine(folder, "config.json")))
        {
            if (CheckpointFolder.ReadProvenance(folder).Notes.TryGetValue(Passes, out string? before) && before != often)
            {
                throw new UserErrorException("other-run", $"The model in {folder} read its data {before} times, not {often}.",
                    "Choose another folder with -o, or delete that one.");
            }
            return CheckpointFolder.Load(folder, settings.Threads);
        }
        ChatTemplate template = ChatTemplate.Plain;
        // Two answers to one prompt stand side by side; the prompt is counted once.
        ByteLevelBpeTokenizer tokenizer =
            ByteLevelBpeTokenizer.Train(dialogues.GroupBy(e => template.Render(e.Context), StringComparer.Ordinal)
            .SelectMany(g => g.Select(e => e.Reply).Prepend(g.Key)), Vocabulary);
        int[][] documents = [.. dialogues.Select(e =>
            (int[])[.. template.EncodeContext(tokenizer, e.Context), .. template.EncodeReply(tokenizer, e.Reply), tokenizer.EndId])];
        int longest = documents.Max(d => d.Length);
        DecoderConfig shape = Preset.Shape(tokenizer.VocabularySize, Math.Max(448, (longest + 63) / 64 * 64));
        RngStream root = RngStream.Root(seed);
        using DecoderWeights weights = DecoderWeights.Initialise(shape, root.Child("weights"));
        long tokens = documents.Sum(d => d.Length - 1L);
        TrainOptions options = Preset.Recipe((long)(tokens * passes)) with
        {
            CheckpointPath = folder.TrimEnd('/', '\\') + ".checkpoint",
        };
        using (var pool = new WorkerPool(settings.Threads))
        using (var trainer = new Trainer(weights, new ListedDocuments(documents, root.Child("order")), options, pool))
            trainer.Run(settings.Progress);
        using (var model = new Transformer(weights, tokenizer, template, settings.Threads))
            CheckpointFolder.Save(folder, model,
                new ModelProvenance("A small model of real text, trained from nothing.")
                {
                    Seed = seed,
                    Tokens = (long)(tokens * passes),
                    Notes = new Dictionary<string, string> { [Passes] = often },
                });
        File.Delete(options.CheckpointPath);
        return CheckpointFolder.Load(folder, settings.Threads);
    }
}
