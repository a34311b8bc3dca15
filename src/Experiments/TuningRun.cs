using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments;

/// <summary>What is minimised in post-training.</summary>
public enum TuningLoss
{
    /// <summary>The replies' own log-probability, by the weights of the episodes.</summary>
    Supervised,

    /// <summary>Chosen replies against rejected ones (DPO).</summary>
    Preference,
}

/// <summary>What a post-training left in its folder.</summary>
/// <param name="Id">The content id of the tuned model.</param>
/// <param name="Parent">The content id of the model it started from.</param>
/// <param name="Data">The content id of the episodes.</param>
/// <param name="Examples">Episodes or pairs.</param>
/// <param name="Steps">Optimiser steps.</param>
/// <param name="Loss">Mean loss of all steps since the last point of the curve before the end, which is the whole run where
/// <see cref="TuneOptions.EvaluateEvery"/> is 0; null where the folder was finished before.</param>
public sealed record TunedFolder(string Id, string Parent, string Data, int Examples, int Steps, double? Loss);

/// <summary>Tunes a model on a file of episodes and saves it as a folder of its own.</summary>
/// <param name="Options">How to tune.</param>
/// <param name="Loss">What is minimised.</param>
/// <param name="Seed">The seed; a demo of the same seed tunes in the same order.</param>
public sealed record TuningRun(TuneOptions Options, TuningLoss Loss = TuningLoss.Supervised, ulong Seed = 1)
{
    /// <summary>Tunes, or goes on where an interrupted run of the same settings stopped, or takes what a finished one left.</summary>
    /// <param name="parent">The model to start from.</param>
    /// <param name="set">The episodes.</param>
    /// <param name="folder">Where the tuned model goes.</param>
    /// <param name="pool">The workers.</param>
    /// <param name="progress">Told about tokens.</param>
    /// <param name="cancellation">Saves and stops.</param>
    /// <exception cref="UserErrorException">An episode does not fit or none has a weight, the folder holds another model or another
    /// process writes it, or training diverged.</exception>
    public TunedFolder Run(ModelFolder parent, EpisodeSet set, string folder, WorkerPool pool, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        Transformer model = Check(parent, set);
        TuneOptions options = Options with { CheckpointPath = folder.TrimEnd('/', '\\') + ".checkpoint", Stage = $"tuning on {set.Name}" };
        string run = ContentId.Of("tuning", model.Id, set.Id, Loss.ToString(), Seed, Options.Essence()).ToString();
        int examples = Loss == TuningLoss.Preference ? set.Episodes.Count / 2 : set.Episodes.Count;
        using FolderLock? held = FolderLock.TakeUnlessDone(folder, ModelFolder.Holds(folder));
        ModelFolder.RequireFree(folder, run);
        if (ModelFolder.Holds(folder))
        {
            using ModelFolder there = ModelFolder.Open(folder, pool.Threads);
            if (held is not null) ModelFolder.Finish(folder, run, options.CheckpointPath);
            return new TunedFolder(there.Model.Id, model.Id, set.Id.ToString(), examples, options.Steps, null);
        }
        var tuner = new Tuner(model.Weights, options, RngStream.Root(Seed).Child("tuning"), pool);
        TuneResult tuned = Loss == TuningLoss.Preference
            ? tuner.Preferences(PreferenceData.Pairs(set, model.Tokenizer, model.Template), progress, cancellation)
            : tuner.Supervised(TuneExample.From(set, model.Tokenizer, model.Template), progress, cancellation);
        using DecoderWeights weights = tuned.Weights;
        using LowRankAdapter? adapter = tuned.Adapter;
        using var after = new Transformer(weights, model.Tokenizer, model.Template, pool.Threads);
        string how = tuned.Vector is null ? "" : " The weights are those it was tuned from: what was trained is the vector in vector.json.";
        ModelFolder.Save(folder, run, after, new ModelProvenance($"A model tuned on the set {set.Name}.{how}")
        {
            Seed = Seed,
            CorpusId = set.Id.ToString(),
            ParentId = model.Id,
        }, tuned.Vector, adapter);
        AtomicFile.Delete(options.CheckpointPath);
        string id = tuned.Vector is null ? after.Id : after.With(tuned.Vector.Apply(after.Config)).Id;
        return new TunedFolder(id, model.Id, set.Id.ToString(), examples, options.Steps, tuned.Curve.Points[^1].Loss);
    }

    /// <summary>Everything that <see cref="Run"/> refuses of a model and its data, and what there is to train on.</summary>
    /// <returns>Examples or pairs, and their tokens.</returns>
    /// <exception cref="UserErrorException">As for <see cref="Run"/>.</exception>
    public (int Examples, long Tokens) Survey(ModelFolder parent, EpisodeSet set)
    {
        Transformer model = Check(parent, set);
        if (Loss == TuningLoss.Preference)
        {
            IReadOnlyList<PreferencePair> pairs = PreferenceData.Pairs(set, model.Tokenizer, model.Template);
            PreferencePair.Check(model.Config, pairs);
            return (pairs.Count, pairs.Sum(p => 2L * p.Prefix.Length + p.Chosen.Length + p.Rejected.Length));
        }
        IReadOnlyList<TuneExample> examples = TuneExample.From(set, model.Tokenizer, model.Template);
        TuneExample.Check(model.Config, examples);
        return (examples.Count, examples.Sum(e => (long)e.Prefix.Length + e.Reply.Length));
    }

    private Transformer Check(ModelFolder parent, EpisodeSet set)
    {
        // A pair of weight 0 is told with its line.
        if (Loss == TuningLoss.Supervised && set.Episodes.All(e => e.Weight == 0))
            throw new UserErrorException("no-examples", $"There is nothing to train on: every episode of {set.Name} has the weight 0.",
                "Give at least one of them a weight.");
        if (parent.Vector is not null)
            throw new UserErrorException("steered-model", "The model carries a steering vector, and tuning would train without it.",
                "Tune the model it was made from.");
        DecoderConfig config = parent.Model.Config;
        if (Options.Site is { } site && !ActivationSite.All(config).Contains(site))
            throw new UserErrorException("unknown-site", $"The model has no activation site '{site}'.",
                "Choose one of embed, blocks.I.resid_pre, .attn_out, .resid_mid, .mlp_out, .resid_post "
                + $"for I from 0 to {config.Layers - 1}, or final.");
        return parent.Model;
    }
}
