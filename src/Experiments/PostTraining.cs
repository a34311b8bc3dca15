using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Trains a copy of a model on a set and asks it the probes.</summary>
/// <param name="model">The model before training; never changed. Not a steered view: tuning starts from the weights alone.</param>
/// <param name="probes">What is asked.</param>
/// <param name="options">How to train.</param>
/// <param name="rng">The order of the episodes.</param>
/// <param name="pool">The workers.</param>
public sealed class PostTraining(Transformer model, IReadOnlyList<Probe> probes, TuneOptions options, RngStream rng, WorkerPool pool)
{
    /// <summary>P(low pole) of every probe after training on a set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="folder">Where the tuned checkpoint goes; nowhere when absent.</param>
    /// <param name="seed">Kept with the checkpoint.</param>
    /// <param name="look">Shown the tuned model before it is gone.</param>
    /// <param name="progress">Told about steps.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="InvalidOperationException">There is no probe, or the model is a steered view.</exception>
    public double[] Measure(EpisodeSet set, string? folder = null, ulong? seed = null, Action<Transformer>? look = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (model.Interventions is not null)
            throw new InvalidOperationException("The model is steered, and tuning would train without that.");
        if (probes.Count == 0) throw new InvalidOperationException("There is no probe to measure with.");
        TuneResult tuned = new Tuner(model.Weights, options with { Stage = $"tuning on {set.Name}" }, rng, pool)
            .Supervised(TuneExample.From(set, model.Tokenizer, model.Template), progress, cancellation);
        using DecoderWeights weights = tuned.Weights;
        using var after = new Transformer(weights, model.Tokenizer, model.Template, pool.Threads);
        if (folder is not null)
        {
            CheckpointFolder.Save(folder, after, new ModelProvenance($"The base model tuned on the set {set.Name}.")
            {
                Seed = seed,
                CorpusId = set.Id.ToString(),
                ParentId = model.Id,
            });
        }
        look?.Invoke(after);
        return ProbeMeasurement.Of(after, probes, cancellation: cancellation);
    }
}
