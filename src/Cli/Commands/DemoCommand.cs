using System.CommandLine;
using System.Globalization;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Lab;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm demo</c>: the theory in two minutes, from nothing.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Option<string> output = CommonOptions.Output("The folder of everything the demo writes.", "psm-demo");
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        Option<string?> tokens = new("--tokens") { Description = "Tokens of pre-training, such as 5M." };
        Option<string?> preset = new("--preset") { Description = "Size of the model: tiny, demo, small or base." };
        var command = new Command("demo", "The theory in two minutes: pre-train, forecast, post-train, compare, report.")
        {
            output, seed, threads, tokens, preset, json, quiet, dryRun,
        };
        command.SetAction((parsed, cancellation) =>
        {
            ModelPreset size = ModelPreset.Find(parsed.GetValue(preset) ?? "demo");
            var settings = new DemoSettings
            {
                Seed = parsed.GetValue(seed),
                Threads = parsed.GetValue(threads),
                Folder = parsed.GetValue(output)!,
                Preset = size,
                Tokens = parsed.GetValue(tokens) is { } text ? CommonOptions.ParseTokens(text) : size.Tokens,
            };
            return Task.FromResult(Run(settings, parsed.GetValue(json), parsed.GetValue(quiet), cancellation));
        });
        return command;
    }

    private static int Run(DemoSettings settings, bool json, bool quiet, CancellationToken cancellation)
    {
        using var demo = new Demo(settings, TimeProvider.System);
        TextWriter story = json ? Console.Error : Console.Out;
        BaseResult learned = Screen.Work(quiet, p => demo.Learn(p, cancellation));
        DemoStory.Learned(story, learned);
        if (!demo.KnowsPersons)
        {
            DemoResult stopped = demo.StopEarly();
            if (json) Screen.Data(stopped);
            Screen.Say($"The model has not learned who is speaking (R² {learned.Inference.R2:0.00}; needed: {settings.LeastInference} and "
                + $"{settings.LeastGain} above the prior-only {learned.Inference.R2PriorOnly:0.00}). It cannot speak for or against the theory. Train on more tokens.");
            return ExitCode.CheckFailed;
        }
        IReadOnlyList<ForecastSet> forecasts = Screen.Work(quiet, p => demo.Forecast(p, cancellation));
        DemoStory.Forecast(story, forecasts);
        DemoResult result = Screen.Work(quiet, p => demo.Measure(p, cancellation));
        DemoStory.Measured(story, result);
        story.WriteLine($"\nThe report: {Path.Combine(settings.Folder, "report.html")}   ({result.Seconds.ToString("0", CultureInfo.InvariantCulture)} s)");
        if (json) Screen.Data(result);
        return ExitCode.Done;
    }
}
