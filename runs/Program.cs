using System.Globalization;
using System.Text.Json;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Runs;

// dotnet run -c Release --project runs -- medical|statements|world [--seeds 1,2] [--threads N] [-o FOLDER] [--model FOLDER]
//     [--figures FOLDER] [--json] [--named PASSES] [--examples 50,500,5000] [--passes P] [--validate] [--by-example] [--unread]
//     [--fit-passes P] [--fit-step TOKENS] [--fit-rate R] [--fit-rank K]
//     [--contrast-passes P] [--contrast-rate R] [--contrast-likelihood W]
string[] names = ["medical", "statements", "thirteen", "world"];
if (args.Length == 0 || !names.Contains(args[0]))
{
    Console.Error.WriteLine("Say which run: medical, statements (or thirteen), world. "
        + "Options: --seeds 1,2,3 --threads N -o FOLDER --model FOLDER --figures FOLDER --json; "
        + "medical: --examples 50,500 --named PASSES --validate; statements: --by-example --unread; both: --passes P, "
        + "--fit-passes, --fit-step, --fit-rate, --fit-rank, --contrast-passes, --contrast-rate, --contrast-likelihood");
    return 1;
}
var settings = new RunSettings(Environment.GetEnvironmentVariable("PSM_DATA") is { Length: > 0 } data ? data : null,
    Option("-o") ?? "out/runs",
    [.. Numbers("--seeds", "1").Select(n => (ulong)n)],
    int.Parse(Option("--threads") ?? $"{Environment.ProcessorCount}", CultureInfo.InvariantCulture), Option("--model"), new Say());
try
{
    string run = args[0] == "thirteen" ? "statements" : args[0];
    object[] results = [.. settings.Seeds.Select(seed => (object)(run switch
    {
        "medical" => new MedicalRun(settings, [.. Numbers("--examples", "50,500,5000").Select(n => (int)n)], Number("--passes", 4), Fit(),
            Number("--named", 0), args.Contains("--validate")).Run(seed),
        "statements" => new StatementsRun(settings, Number("--passes", 2), Fit(), args.Contains("--by-example"),
            args.Contains("--unread")).Run(seed),
        _ => new WorldRun(settings).Run(seed),
    }))];
    if (Option("--figures") is { } figures) RunFigures.Write(results, figures);
    string json = JsonSerializer.Serialize(new { Run = run, Results = results },
        new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true });
    AtomicFile.WriteText(Path.Combine(settings.Folder, $"{run}.json"), json + "\n");
    Console.WriteLine(args.Contains("--json") ? json : RunTable.Of(results));
    return 0;
}
catch (SkippedException e)
{
    Console.WriteLine(args.Contains("--json") ? JsonSerializer.Serialize(new { Skipped = e.Message }, JsonSerializerOptions.Web)
        : $"skipped: {e.Message}");
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

IEnumerable<long> Numbers(string name, string otherwise) =>
    (Option(name) ?? otherwise).Split(',').Select(n => long.Parse(n, CultureInfo.InvariantCulture));

FitOptions Fit()
{
    var usual = new FitOptions();
    return usual with
    {
        Passes = Number("--fit-passes", usual.Passes),
        StepTokens = (int)Number("--fit-step", usual.StepTokens),
        AdapterRate = Number("--fit-rate", usual.AdapterRate),
        Rank = (int)Number("--fit-rank", usual.Rank),
        ContrastPasses = Number("--contrast-passes", usual.ContrastPasses),
        ContrastRate = Number("--contrast-rate", usual.ContrastRate),
        ContrastLikelihood = Number("--contrast-likelihood", usual.ContrastLikelihood),
    };
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
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{now,6:0}s  {value.Stage}  {value.Done:0}/{value.Total:0} {value.Unit} {value.Detail}"));
    }
}
