using System.Globalization;
using System.Text.Json;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Runs;

// dotnet run -c Release --project runs -- medical|statements|world [--seeds 1,2] [--threads N] [-o FOLDER] [--model FOLDER] [--figures FOLDER] [--json]
string[] names = ["medical", "statements", "thirteen", "world"];
if (args.Length == 0 || !names.Contains(args[0]))
{
    Console.Error.WriteLine("Say which run: medical, statements (or thirteen), world. Options: --seeds 1,2,3 --threads N -o FOLDER --model FOLDER --figures FOLDER --json");
    return 1;
}
var settings = new RunSettings(Environment.GetEnvironmentVariable("PSM_DATA") is { Length: > 0 } data ? data : null, Option("-o") ?? "out/runs",
    [.. (Option("--seeds") ?? "1").Split(',').Select(s => ulong.Parse(s, CultureInfo.InvariantCulture))],
    int.Parse(Option("--threads") ?? $"{Environment.ProcessorCount}", CultureInfo.InvariantCulture), Option("--model"), new Say());
try
{
    string run = args[0] == "thirteen" ? "statements" : args[0];
    object[] results = [.. settings.Seeds.Select(seed => (object)(run switch
    {
        "medical" => new MedicalRun(settings).Run(seed),
        "statements" => new StatementsRun(settings, Number("--passes", 8), new FitOptions
        {
            Passes = Number("--fit-passes", new FitOptions().Passes),
            StepTokens = (int)Number("--fit-step", new FitOptions().StepTokens),
            AdapterRate = Number("--fit-rate", new FitOptions().AdapterRate),
            Rank = (int)Number("--fit-rank", new FitOptions().Rank),
        }).Run(seed),
        _ => new WorldRun(settings).Run(seed),
    }))];
    if (Option("--figures") is { } figures) RunFigures.Write(results, figures);
    string json = JsonSerializer.Serialize(new { Run = run, Results = results }, new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true });
    AtomicFile.WriteText(Path.Combine(settings.Folder, $"{run}.json"), json + "\n");
    Console.WriteLine(args.Contains("--json") ? json : RunTable.Of(results));
    return 0;
}
catch (SkippedException e)
{
    Console.WriteLine(args.Contains("--json") ? JsonSerializer.Serialize(new { Skipped = e.Message }, JsonSerializerOptions.Web) : $"skipped: {e.Message}");
    return 0;
}
catch (UserErrorException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

string? Option(string name)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

double Number(string name, double otherwise) => Option(name) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;

/// <summary>A line on the error stream for every stage, and every few seconds within one.</summary>
internal sealed class Say : IProgress<WorkProgress>
{
    private readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
    private string _stage = "";
    private double _last;

    public void Report(WorkProgress value)
    {
        double now = _clock.Elapsed.TotalSeconds;
        if (value.Stage == _stage && now - _last < 20) return;
        (_stage, _last) = (value.Stage, now);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{now,6:0}s  {value.Stage}  {value.Done:0}/{value.Total:0} {value.Unit} {value.Detail}"));
    }
}
