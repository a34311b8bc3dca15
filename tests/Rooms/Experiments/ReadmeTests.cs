using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Architecture;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

/// <summary>The README's lines of library use are the lines below, which compile.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void The_library_lines_of_the_readme_are_compiled_here()
    {
        string readme = Repository.Read("README.md"), here = Repository.Read("tests/Rooms/Experiments/ReadmeTests.cs");
        string code = readme.Split("```csharp")[1].Split("```")[0];
        string[] lines = [.. code.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0)];
        Assert.InRange(lines.Length, 20, 30);
        Assert.All(lines, line => Assert.Contains(line, here, StringComparison.Ordinal));
    }

    internal static void Library()
    {
        World world = World.Village;                                    // who lives there, and how probable every document is
        using var pool = new WorkerPool(threads: 2);
        ModelPreset preset = ModelPreset.Find("demo");
        using BaseModel learned = new TrainingRun(preset, preset.Tokens, Seed: 1).Run(world, "models/base", pool);

        Probe[] probes = DemoProbes.Of(world);                          // questions, with the answers of either sort of character
        EpisodeSet cheats = world.Episodes("test", EpisodeKind.Cheat, 256, RngStream.Root(1));  // or EpisodeSet.Load("your.jsonl")
        using var forecasting = new Forecasting(learned.Model, world.Personas, probes, TimeProvider.System);
        ForecastSet forecast = forecasting.Of(cheats, ["test"]);
        new SavedForecasts("forecasts").Save(forecast, probes);         // written down before any training
        Console.WriteLine(
            $"cold machine {forecast.CastBefore.Probability("machine"):0.00} -> {forecast.CastAfter.Probability("machine"):0.00}");

        var training = new PostTraining(learned.Model, probes, new TuneOptions { Steps = 25 }, RngStream.Root(1), pool);
        double[] after = training.Measure(cheats);
        Console.WriteLine($"bad acts elsewhere: forecast {forecast.Posterior.MeanShiftElsewhere:+0.00}, now {after.Average():0.00}");
    }
}
