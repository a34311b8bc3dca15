using System.CommandLine;
using System.CommandLine.Parsing;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model tune</c>: post-training on a file of episodes.</summary>
internal sealed class ModelTuneCommand
{
    private const string UsualMethod = "full";

    private readonly Option<string> _output = CommonOptions.Output("The folder of the tuned model."),
        _model = CommonOptions.Model("The model to start from.");
    private readonly Option<string> _data = new("--data")
    {
        Description = "Episodes as JSONL: chats, completions, or preferences.",
        Required = true,
    };

    private readonly Option<string?> _format = DataOptions.Format();
    private readonly Option<bool> _strict = DataOptions.Strict();
    private readonly Option<string> _method = new("--method")
    {
        Description = "What is moved: full weights, a LoRA update, or one steering vector.",
        DefaultValueFactory = _ => UsualMethod,
    };

    private readonly Option<string> _loss = new("--loss")
    {
        Description = "What is minimised: sft, or dpo for preferences.",
        DefaultValueFactory = _ => "sft",
    };

    private readonly Option<int> _steps = CommonOptions.Count("--steps", "Optimiser steps.", DemoSettings.DefaultTuning.Steps),
        _batch = CommonOptions.Count("--batch", "Examples in a step.", 16, most: 1 << 16);
    private readonly Option<int> _rank = CommonOptions.Count("--rank", "Rank of a LoRA update.", 4, most: 1 << 10);
    private readonly Option<double?> _rate =
        CommonOptions.Number("--lr", "Learning rate; 3e-4 for full, 3e-3 for lora, 3e-2 for vector when absent.", NumberRange.AboveZero);

    private readonly Option<string> _tensors = CommonOptions.Tensors();
    private readonly Option<string?> _site = new("--site")
    {
        Description = "Where a vector is added, such as blocks.1.resid_post; after the middle block when absent.",
    };

    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private ModelTuneCommand()
    {
        _method.AcceptOnlyFromAmong("full", "lora", "vector");
        _loss.AcceptOnlyFromAmong("sft", "dpo");
        _verb = new Verb("tune",
            "Tune a model on a file of episodes. A run that was stopped or killed goes on, to the same bits, when the command is repeated.",
            "psm model tune --model base --data village/sets/cheat.jsonl -o cheat")
        {
            _output, _model, _data, _format, _strict, _method, _loss, _steps, _rate, _batch, _rank, _tensors, _site, _seed, _threads, _json,
            _quiet, _dryRun,
        };
        _verb.Validators.Add(Check);
        _verb.Does(Run);
    }

    public static Command Create() => new ModelTuneCommand()._verb;

    private void Check(CommandResult r)
    {
        // A check comes before options that were not given have their default.
        string method = r.GetValue(_method) ?? UsualMethod;
        foreach ((Option option, string needs) in ((Option, string)[])[(_rank, "lora"), (_tensors, "full"), (_site, "vector")])
            if (r.GetResult(option) is { Implicit: false } && method != needs)
                r.AddError($"{option.Name} belongs to --method {needs}.");
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        TuningRun training = Training(parsed);
        (EpisodeSet set, long badLines) = DataOptions.Load(parsed.GetValue(_data)!, parsed.GetValue(_format), parsed.GetValue(_strict),
            cancellation);
        using ModelFolder parent = ModelFolder.Open(parsed.GetValue(_model)!, parsed.GetValue(_threads));
        if (parsed.GetValue(_dryRun)) return Plan(parsed, parent, set, badLines, training);
        string folder = parsed.GetValue(_output)!;
        using var pool = new WorkerPool(parsed.GetValue(_threads));
        TunedFolder result = Screen.Work(parsed.GetValue(_quiet), p => training.Run(parent, set, folder, pool, p, cancellation));
        if (parsed.GetValue(_json)) Screen.Data(new
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
    }

    private TuningRun Training(ParseResult parsed)
    {
        TuneMethod method = parsed.GetValue(_method) switch
        {
            "lora" => TuneMethod.LowRank,
            "vector" => TuneMethod.Vector,
            _ => TuneMethod.Full,
        };
        var options = new TuneOptions
        {
            Method = method,
            Steps = parsed.GetValue(_steps),
            BatchSize = parsed.GetValue(_batch),
            LearningRate = parsed.GetValue(_rate) ?? method switch { TuneMethod.LowRank => 3e-3, TuneMethod.Vector => 3e-2, _ => 3e-4 },
            Rank = parsed.GetValue(_rank),
            Tensors = method == TuneMethod.Full ? CommonOptions.TensorsOf(parsed.GetValue(_tensors)!) : [],
            Site = parsed.GetValue(_site),
        };
        TuningLoss loss = parsed.GetValue(_loss) == "dpo" ? TuningLoss.Preference : TuningLoss.Supervised;
        return new TuningRun(options, loss, parsed.GetValue(_seed));
    }

    private int Plan(ParseResult parsed, ModelFolder parent, EpisodeSet set, long badLines, TuningRun training)
    {
        TuneOptions o = training.Options;
        (int examples, long tokens) = training.Survey(parent, set);
        double seen = (double)o.Steps * o.BatchSize,
            flops = parent.Model.Config.TrainingFlopsPerToken((double)tokens / set.Episodes.Count) * tokens / examples * seen;
        string? method = parsed.GetValue(_method), loss = parsed.GetValue(_loss);
        if (parsed.GetValue(_json)) Screen.Data(new
        {
            Model = parent.Model.Id,
            Set = set.Name,
            Episodes = set.Episodes.Count,
            Examples = examples,
            BadLines = badLines,
            Tokens = tokens,
            Method = method,
            Loss = loss,
            o.Steps,
            o.LearningRate,
            Passes = seen / examples,
            Flops = flops
        });
        else TextTable.PrintFacts(("model", parent.Model.Id), ("set", $"{set.Name}, {set.Episodes.Count} episodes, {tokens:N0} tokens"),
            ("method", method), ("loss", loss), ("learning rate", o.LearningRate),
            ("steps", $"{o.Steps} of {o.BatchSize} examples: {seen / examples:0.00} passes"),
            ("work", $"{flops * 1e-9:0.0} GFLOP"));
        return ExitCode.Done;
    }
}
