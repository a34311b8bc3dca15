using System.CommandLine;
using PersonaSelection.Experiments;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model train</c>: pre-training from nothing.</summary>
internal sealed class ModelTrainCommand
{
    // Of the matrix rate; attention, norms and the optimiser take the rest.
    private const double UsualEfficiency = 0.6;

    private readonly Option<string> _output = CommonOptions.Output("The folder of the model.");
    private readonly Option<string> _corpus = new("--corpus") { Description = "The folder of the corpus.", Required = true };
    private readonly Option<string> _preset = new("--preset")
    {
        Description = $"Size and recipe: {string.Join(", ", ModelPreset.All.Select(p => p.Name))}.",
        DefaultValueFactory = _ => "demo",
    };

    private readonly Option<string?> _tokens = new("--tokens")
    {
        Description = "Tokens to train on, such as 5M; a world's corpus once and an imported one up to eight times when absent.",
    };

    private readonly Option<int> _patience = CommonOptions.Count("--patience",
        "End the run once the loss on held-out documents has not fallen for so many of the curve's twenty points; 0 for never.",
        0, least: 0);

    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private ModelTrainCommand()
    {
        _verb = new Verb("train",
            "Pre-train a model from nothing. A run that was stopped or killed goes on, to the same bits, when the command is repeated.",
            "psm model train --corpus village --preset demo -o base")
        {
            _output, _corpus, _preset, _tokens, _patience, _seed, _threads, _json, _quiet, _dryRun,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new ModelTrainCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        ModelPreset size = ModelPreset.Find(parsed.GetValue(_preset)!);
        using CorpusFolder documents = CorpusFolder.Open(parsed.GetValue(_corpus)!);
        long amount = parsed.GetValue(_tokens) is { } text ? CommonOptions.ParseTokens(text) : documents.TokensFor(size);
        var training = new TrainingRun(size, amount, parsed.GetValue(_seed)) { Patience = parsed.GetValue(_patience) };
        training.CheckPatience(documents);
        if (parsed.GetValue(_dryRun)) return Plan(documents, training, parsed.GetValue(_threads), parsed.GetValue(_json));
        string folder = parsed.GetValue(_output)!;
        using var pool = new WorkerPool(parsed.GetValue(_threads));
        using BaseModel trained = Screen.Work(parsed.GetValue(_quiet), p => training.Run(documents, folder, pool, p, cancellation));
        Print(trained, documents.Id, folder, parsed.GetValue(_json));
        return ExitCode.Done;
    }

    private static int Plan(CorpusFolder corpus, TrainingRun training, int threads, bool json)
    {
        (ModelPreset preset, long tokens) = (training.Preset, training.Tokens);
        DecoderConfig shape = preset.Shape(corpus.Tokenizer.VocabularySize, corpus.ContextLength);
        double flops = shape.TrainingFlopsPerToken((double)corpus.Tokens / corpus.Documents) * tokens;
        double seconds = flops * 1e-9 / (MachineRate.MatrixProduct() * UsualEfficiency * threads);
        int steps = training.Recipe(corpus).Steps;
        if (json) Screen.Data(new
        {
            Preset = preset.Name,
            Parameters = shape.ParameterCount,
            Tokens = tokens,
            Steps = steps,
            Passes = (double)tokens / corpus.Tokens,
            Flops = flops,
            Seconds = Math.Round(seconds, 1)
        });
        else TextTable.PrintFacts(("preset", preset.Name), ("parameters", shape.ParameterCount.ToString("N0")),
            ("tokens", tokens.ToString("N0")),
            ("steps", steps.ToString("N0")), ("passes", $"{(double)tokens / corpus.Tokens:0.00} through the corpus"),
            ("time", $"about {seconds:0} s on {threads} threads that have nothing else to do"));
        return ExitCode.Done;
    }

    private static void Print(BaseModel trained, string corpus, string folder, bool json)
    {
        TrainingPoint last = trained.Curve.Points[^1];
        if (json)
            Screen.Data(new
            {
                trained.Model.Id,
                Parameters = trained.Model.Config.ParameterCount,
                trained.Tokens,
                last.Loss,
                last.Readings,
                Corpus = corpus,
                Folder = folder
            });
        else TextTable.PrintFacts([("model", trained.Model.Id), ("parameters", trained.Model.Config.ParameterCount.ToString("N0")),
            ("tokens", trained.Tokens.ToString("N0")), ("loss", $"{last.Loss:0.000} nats per token"),
            .. last.Readings.Select(r => (r.Key, (object?)FigureNumber.Fixed(r.Value, 3))), ("folder", folder)]);
    }
}
