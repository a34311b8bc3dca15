using System.CommandLine;
using System.Globalization;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Lab;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm demo</c>: the theory in two minutes, from nothing.</summary>
internal sealed class DemoCommand
{
    private const int FullSeeds = 5;

    private readonly Option<string> _output = CommonOptions.Output("The folder of everything the demo writes.", "psm-demo");
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<string> _world = CommonOptions.World();
    private readonly Option<string> _domain = CommonOptions.Domain();
    private readonly Option<int> _episodes = CommonOptions.Episodes();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Option<string?> _tokens = new("--tokens") { Description = "Tokens of pre-training, such as 5M." };
    private readonly Option<string?> _preset = new("--preset") { Description = "Size of the model: tiny, demo, small or base." };
    private readonly Option<int> _seeds = CommonOptions.Count("--seeds",
        "Repeat with this many pre-training seeds; intervals are then over seeds.", 1, most: 100);

    private readonly Option<int> _steps = CommonOptions.Count("--steps", "Optimiser steps of each post-training.",
        DemoSettings.DefaultTuning.Steps);

    private readonly Option<double> _rate = CommonOptions.Number("--lr", "Learning rate of each post-training.",
        NumberRange.AboveZero, DemoSettings.DefaultTuning.LearningRate);

    private readonly Option<string> _tensors = CommonOptions.Tensors();
    private readonly Option<bool> _full = new("--full")
    {
        Description = "The whole matrix (every domain as the training domain, five seeds) and the control worlds.",
    };

    private readonly Verb _verb;

    private DemoCommand()
    {
        _verb = new Verb("demo", "The theory in two minutes: pre-train, forecast, post-train, compare, report.",
            "psm demo --seeds 5 -o psm-demo")
        {
            _output, _world, _domain, _episodes, _seed, _seeds, _full, _threads, _tokens, _preset, _steps, _rate, _tensors, _json, _quiet,
            _dryRun,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new DemoCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        DemoSettings settings = Settings(parsed);
        (bool json, bool quiet, bool full) = (parsed.GetValue(_json), parsed.GetValue(_quiet), parsed.GetValue(_full));
        int seeds = full && parsed.GetResult(_seeds) is { Implicit: true } or null ? FullSeeds : parsed.GetValue(_seeds);
        settings.Require(full);
        if (parsed.GetValue(_dryRun)) return Plan(settings, seeds, full, json);
        return seeds > 1 || full ? RunMany(settings, seeds, full, json, quiet, cancellation) : Run(settings, json, quiet, cancellation);
    }

    private DemoSettings Settings(ParseResult parsed)
    {
        ModelPreset size = ModelPreset.Find(parsed.GetValue(_preset) ?? "demo");
        return new DemoSettings
        {
            Seed = parsed.GetValue(_seed),
            Threads = parsed.GetValue(_threads),
            Folder = parsed.GetValue(_output)!,
            World = CommonOptions.WorldOf(parsed.GetValue(_world)!),
            Domain = parsed.GetValue(_domain)!,
            Episodes = parsed.GetValue(_episodes),
            Command = CommonOptions.CommandOf(parsed),
            Preset = size,
            Tuning = DemoSettings.DefaultTuning with
            {
                Steps = parsed.GetValue(_steps),
                LearningRate = parsed.GetValue(_rate),
                Tensors = CommonOptions.TensorsOf(parsed.GetValue(_tensors)!),
            },
            Tokens = parsed.GetValue(_tokens) is { } text ? CommonOptions.ParseTokens(text) : size.Tokens,
        };
    }

    private static int Run(DemoSettings settings, bool json, bool quiet, CancellationToken cancellation)
    {
        using var demo = new Demo(settings, TimeProvider.System);
        TextWriter story = json ? Console.Error : Console.Out;
        BaseResult learned = Screen.Work(quiet, p => demo.Learn(p, cancellation));
        DemoStory.Learned(story, learned);
        if (!demo.KnowsPersons)
        {
            return Unlearned(demo.StopEarly(), settings, json);
        }
        IReadOnlyList<ForecastSet> forecasts = Screen.Work(quiet, p => demo.Forecast(p, cancellation));
        DemoStory.Forecast(story, forecasts);
        DemoResult result = Screen.Work(quiet, p => demo.Measure(p, cancellation));
        DemoStory.Measured(story, result);
        return Finished(result, story, settings, json);
    }

    private static int RunMany(DemoSettings settings, int seeds, bool full, bool json, bool quiet, CancellationToken cancellation)
    {
        var demo = new DemoFull(settings, TimeProvider.System);
        DemoResult result = Screen.Work(quiet, p => demo.Run(seeds, full, p, cancellation));
        if (result.Tunings.Count == 0) return Unlearned(result, settings, json);
        TextWriter story = json ? Console.Error : Console.Out;
        DemoStory.Many(story, result);
        return Finished(result, story, settings, json);
    }

    private static int Finished(DemoResult result, TextWriter story, DemoSettings settings, bool json)
    {
        story.WriteLine($"\nThe report: {Path.Combine(settings.Folder, "report.html")}   "
            + $"({result.Seconds.ToString("0", CultureInfo.InvariantCulture)} s)");
        if (json) Screen.Data(result);
        return ExitCode.Done;
    }

    private static int Unlearned(DemoResult stopped, DemoSettings settings, bool json)
    {
        if (json) Screen.Data(stopped);
        InferenceResult inference = stopped.Base.Inference;
        Screen.Say($"The model has not learned who is speaking (R² {FigureNumber.Skill(inference.R2)}; needed: "
            + $"{settings.LeastInference} and {settings.LeastGain} above the prior-only {FigureNumber.Skill(inference.R2PriorOnly)}). "
            + "It cannot speak for or against the theory. Train on more tokens with --tokens.");
        return ExitCode.CheckFailed;
    }

    private static int Plan(DemoSettings settings, int seeds, bool full, bool json)
    {
        ModelPreset size = settings.Preset;
        long parameters = size.Shape(settings.World.Tokenizer.VocabularySize, BaseModel.ContextFor(settings.World)).ParameterCount;
        var plan = new
        {
            schema = 1,
            world = settings.World.Id.ToString(),
            preset = size.Name,
            parameters,
            tokens = settings.Tokens,
            seeds,
            full,
            sets = DemoSettings.Sets.Count,
            domain = settings.Domain,
            episodes = settings.Episodes,
            steps = settings.Tuning.Steps,
            folder = settings.Folder,
        };
        if (json) Screen.Data(plan);
        else
        {
            Console.WriteLine($"Pre-train {parameters:N0} parameters on {settings.Tokens:N0} tokens of {plan.world}, {seeds} seed(s); "
                + $"forecast and train {plan.sets} sets of {plan.episodes} episodes on {plan.domain} for "
                + $"{plan.steps} steps{(full ? "; then every domain as the training domain, and three control worlds" : "")}. "
                + $"Into {plan.folder}.");
        }
        return ExitCode.Done;
    }
}
