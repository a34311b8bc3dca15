using System.Globalization;
using System.Text.Json;
using PersonaSelection.Bench;
using PersonaSelection.Numerics;

// dotnet run -c Release --project bench -- agreement|in-context MODEL...
// dotnet run -c Release --project bench -- dialogues FILE COUNT
// dotnet run -c Release --project bench -- errors FOLDER            (of psm demo --full)
// dotnet run -c Release --project bench -- adaptive [MODEL...] [--seeds N] [--tables FOLDER]
// dotnet run -c Release --project bench -- recipe [heads=3 embedding=0.012 ...] [--preset NAME] [--corpus FOLDER] [--seeds N] [--tokens N]
// dotnet run -c Release --project bench -- [gemm|attention|exp|layers|muon|bandwidth|train|demo|step|score|evidence|likelihood|all]
//     [--seconds S] [--only TEXT] [--json FILE]
string command = args.Length > 0 && !args[0].StartsWith('-') ? args[0] : "all";
double seconds = double.Parse(Option("--seconds") ?? "0.05", CultureInfo.InvariantCulture);
Dictionary<string, Action<Bench>> commands = new()
{
    ["gemm"] = GemmBench.Run,
    ["attention"] = AttentionBench.Run,
    ["exp"] = LayerBench.RunExp,
    ["layers"] = LayerBench.Run,
    ["muon"] = LayerBench.RunMuon,
    ["bandwidth"] = LayerBench.RunBandwidth,
    ["train"] = TrainBench.Run,
    ["demo"] = DemoBench.Run,
    ["step"] = StepBench.Run,
    ["score"] = ScoreBench.Run,
    ["evidence"] = EvidenceBench.Run,
    ["likelihood"] = LikelihoodBench.Run,
};
// Those that take files or options of their own, and need no peak.
Dictionary<string, Action<string[]>> withArguments = new()
{
    ["agreement"] = AgreementBench.Run,
    ["in-context"] = InContextBench.Run,
    ["errors"] = a => ErrorsBench.Run(Given(a, 0, "FOLDER")),
    ["dialogues"] = a => DialogueData.Write(Given(a, 0, "FILE"), int.Parse(Given(a, 1, "COUNT"), CultureInfo.InvariantCulture)),
    ["adaptive"] = a => AdaptiveBench.Run(Option("--tables") ?? "tables",
        int.Parse(Option("--seeds") ?? "8", CultureInfo.InvariantCulture), a),
    ["recipe"] = a => RecipeBench.Run(Option("--preset") ?? "demo", a, Option("--corpus"),
        int.Parse(Option("--seeds") ?? "3", CultureInfo.InvariantCulture),
        long.Parse(Option("--tokens") ?? "2500000", CultureInfo.InvariantCulture)),
};
if (args.FirstOrDefault(a => a.StartsWith('-')) is "--help" or "-h" or "-?")
{
    Console.WriteLine($"Say which benchmark: {string.Join(", ", commands.Keys)}; all when absent, which takes long. Options: --seconds S "
        + $"--only TEXT --json FILE. Of models and data: {string.Join(", ", withArguments.Keys)} (docs/bench.md).");
    return 0;
}
if (command != "all" && !commands.ContainsKey(command) && !withArguments.ContainsKey(command))
{
    Console.Error.WriteLine(
        $"No benchmark '{command}'. There are: all, {string.Join(", ", commands.Keys.Concat(withArguments.Keys))}.");
    return 1;
}

if (withArguments.TryGetValue(command, out Action<string[]>? special))
{
    special([.. args[1..].TakeWhile(a => !a.StartsWith('-'))]);
    return 0;
}

Bench bench = new(seconds, Option("--only") ?? "");
double peak = bench.MeasurePeak();
Console.WriteLine($"instruction set {InstructionSet.Current}, peak {peak:F1} GFLOP/s on one core (fused multiply-adds in registers)");
foreach ((string name, Action<Bench> run) in commands)
{
    if (command == "all" || command == name) run(bench);
}
if (Option("--json") is string file)
{
    File.WriteAllText(file, JsonSerializer.Serialize(
        new { InstructionSet = InstructionSet.Current.ToString(), PeakGflops = peak, bench.Results }, JsonSerializerOptions.Web));
}
return 0;

string? Option(string name)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

string Given(string[] list, int at, string name)
{
    if (at < list.Length) return list[at];
    Console.Error.WriteLine($"{command} needs {name}.");
    Environment.Exit(1);
    return "";
}
