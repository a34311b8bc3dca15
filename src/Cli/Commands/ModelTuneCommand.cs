using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model tune</c>: post-training on a file of episodes.</summary>
internal static class ModelTuneCommand
{
    public static Command Create()
    {
        Option<string> output = CommonOptions.Output("The folder of the tuned model."),
            model = CommonOptions.Model("The model to start from.");
        Option<string> data = new("--data") { Description = "Episodes as JSONL: chats, completions, or preferences.", Required = true };
        Option<string?> format = DataOptions.Format();
        Option<bool> strict = DataOptions.Strict();
        Option<string> method = new("--method")
        {
            Description = "What is moved: full weights, a LoRA update, or one steering vector.",
            DefaultValueFactory = _ => "full",
        };
        method.AcceptOnlyFromAmong("full", "lora", "vector");
        Option<string> loss = new("--loss")
        {
            Description = "What is minimised: sft, or dpo for preferences.",
            DefaultValueFactory = _ => "sft",
        };
        loss.AcceptOnlyFromAmong("sft", "dpo");
        Option<int> steps = CommonOptions.Count("--steps", "Optimiser steps.", DemoSettings.DefaultTuning.Steps),
            batch = CommonOptions.Count("--batch", "Examples in a step.", 16, most: 1 << 16);
        Option<int> rank = CommonOptions.Count("--rank", "Rank of a LoRA update.", 4, most: 1 << 10);
        Option<double?> rate = new("--lr") { Description = "Learning rate; 3e-4 for full, 3e-3 for lora, 3e-2 for vector when absent." };
        rate.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<double?>() is { } value && !(value > 0 && double.IsFinite(value)))
                r.AddError("--lr needs a positive number.");
        });
        Option<string> tensors = CommonOptions.Tensors();
        Option<string?> site = new("--site")
        {
            Description = "Where a vector is added, such as blocks.1.resid_post; after the middle block when absent.",
        };
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        var verb = new Verb("tune",
            "Tune a model on a file of episodes. A run that was stopped or killed goes on, to the same bits, when the command is repeated.",
            "psm model tune --model base --data village/sets/cheat.jsonl -o cheat")
        {
            output, model, data, format, strict, method, loss, steps, rate, batch, rank, tensors, site, seed, threads, json, quiet, dryRun,
        };
        verb.Validators.Add(r =>
        {
            foreach ((Option option, string needs) in ((Option, string)[])[(rank, "lora"), (tensors, "full"), (site, "vector")])
                if (r.GetResult(option) is { Implicit: false } && r.GetValue(method) != needs)
                    r.AddError($"{option.Name} belongs to --method {needs}.");
        });
        return verb.Does((parsed, cancellation) =>
        {
            TuneMethod moved = parsed.GetValue(method) switch
            {
                "lora" => TuneMethod.LowRank,
                "vector" => TuneMethod.Vector,
                _ => TuneMethod.Full,
            };
            var options = new TuneOptions
            {
                Method = moved,
                Steps = parsed.GetValue(steps),
                BatchSize = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate) ?? moved switch { TuneMethod.LowRank => 3e-3, TuneMethod.Vector => 3e-2, _ => 3e-4 },
                Rank = parsed.GetValue(rank),
                Tensors = moved == TuneMethod.Full ? CommonOptions.TensorsOf(parsed.GetValue(tensors)!) : [],
                Site = parsed.GetValue(site),
            };
            var training = new TuningRun(options, parsed.GetValue(loss) == "dpo" ? TuningLoss.Preference : TuningLoss.Supervised,
                parsed.GetValue(seed));
            (EpisodeSet set, long badLines) = DataOptions.Load(parsed.GetValue(data)!, parsed.GetValue(format), parsed.GetValue(strict));
            using ModelFolder parent = ModelFolder.Open(parsed.GetValue(model)!, parsed.GetValue(threads));
            if (parsed.GetValue(dryRun)) return Plan(parent, set, badLines, training, parsed.GetValue(json));
            string folder = parsed.GetValue(output)!;
            using var pool = new WorkerPool(parsed.GetValue(threads));
            TunedFolder result = Screen.Work(parsed.GetValue(quiet), p => training.Run(parent, set, folder, pool, p, cancellation));
            if (parsed.GetValue(json)) Screen.Data(new
            {
                result.Id,
                result.Parent,
                result.Data,
                Set = set.Name,
                result.Examples,
                BadLines = badLines,
                result.Steps,
                result.Loss,
                Folder = folder
            });
            else TextTable.PrintFacts(("model", result.Id), ("tuned from", result.Parent),
                ("on", $"{set.Name}, {result.Examples} examples ({result.Data})"),
                ("steps", result.Steps), ("mean loss", result.Loss is { } last ? $"{last:0.000} nats" : "it was finished already"),
                ("folder", folder));
            return ExitCode.Done;
        });
    }

    private static int Plan(ModelFolder parent, EpisodeSet set, long badLines, TuningRun training, bool json)
    {
        TuneOptions o = training.Options;
        (int examples, long tokens) = training.Survey(parent, set);
        double seen = (double)o.Steps * o.BatchSize,
            flops = parent.Model.Config.TrainingFlopsPerToken((double)tokens / set.Episodes.Count) * tokens / examples * seen;
        if (json) Screen.Data(new
        {
            Model = parent.Model.Id,
            Set = set.Name,
            Episodes = set.Episodes.Count,
            Examples = examples,
            BadLines = badLines,
            Tokens = tokens,
            o.Method,
            training.Loss,
            o.Steps,
            o.LearningRate,
            Passes = seen / examples,
            Flops = flops
        });
        else TextTable.PrintFacts(("model", parent.Model.Id), ("set", $"{set.Name}, {set.Episodes.Count} episodes, {tokens:N0} tokens"),
            ("method", o.Method), ("loss", training.Loss), ("learning rate", o.LearningRate),
            ("steps", $"{o.Steps} of {o.BatchSize} examples: {seen / examples:0.00} passes"),
            ("work", $"{flops * 1e-9:0.0} GFLOP"));
        return ExitCode.Done;
    }
}
