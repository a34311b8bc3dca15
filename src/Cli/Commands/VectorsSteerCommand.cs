using System.CommandLine;
using System.Globalization;
using PersonaSelection.Activations;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm vectors steer</c>: what adding a direction does to a model.</summary>
internal static class VectorsSteerCommand
{
    public static Command Create()
    {
        Option<string> model = CommonOptions.Model(),
            directions = new("--directions") { Description = "The folder of directions.", Required = true };
        Option<string> name = new("--name") { Description = "Which of them.", Required = true };
        Option<double?> strength = CommonOptions.Number("--strength", "Times how much it is added; what the folder says when absent.",
            new("from -1000 to 1000", x => Math.Abs(x) <= 1000));
        Option<string?> probes = new("--probes")
        {
            Description = "Questions whose answers are measured: a file (JSONL), or library, which is built in.",
        };
        Option<string?> output = new("--output", "-o") { Description = "Write the steered model to this folder, for every other command." };
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        var verb = new Verb("steer",
            "Steer a model along a direction: P(low) of every trait with the direction taken away, as it is, and added; "
            + "or the steered model as a folder.",
            "psm vectors steer --model base --directions directions --name machine --probes village/probes.jsonl")
        {
            model, directions, name, strength, probes, output, seed, threads, json, quiet, dryRun,
        };
        verb.Validators.Add(r =>
        {
            if (r.GetResult(probes) is null && r.GetResult(output) is null)
                r.AddError("Give --probes to measure, -o to keep the steered model, or both.");
        });
        return verb.Does((parsed, cancellation) =>
        {
            IReadOnlyList<Probe> questions = parsed.GetValue(probes) is { } file ? ProbeFile.Load(file) : [];
            using ModelFolder source = ModelFolder.Open(parsed.GetValue(model)!, parsed.GetValue(threads));
            if (source.Vector is not null)
                throw new UserErrorException("steered-model", "The model carries a steering vector already.",
                    "Use the model it was made from.");
            DirectionFolder folder = DirectionFolder.Open(parsed.GetValue(directions)!, source.Model);
            string chosen = parsed.GetValue(name)!;
            double amount = parsed.GetValue(strength) ?? folder.Strength;
            var vector = new SteeringVector(folder.Set.Origin.Site, Array.ConvertAll(folder.Of(chosen), x => (float)(amount * x)));
            double length = DirectionStrengthFit.Length(vector.Values);
            if (parsed.GetValue(dryRun)) return Plan(source.Model.Id, chosen, amount, length, questions.Count, parsed.GetValue(json));
            IReadOnlyList<SteeringRow> rows = questions.Count == 0 ? [] : Screen.Work(parsed.GetValue(quiet), p =>
                Steering.Measure(source.Model, vector, questions, RngStream.Root(parsed.GetValue(seed)).Child("steer"), p, cancellation));
            string? id = parsed.GetValue(output) is { } target
                ? Steering.Save(source, vector,
                    FormattableString.Invariant($"{amount:0.####} times {chosen} of {folder.Set.Id} at {vector.Site}"), target) : null;
            if (parsed.GetValue(json))
                Screen.Data(new
                {
                    Model = source.Model.Id,
                    Direction = chosen,
                    Directions = folder.Set.Id.ToString(),
                    vector.Site,
                    Strength = amount,
                    Norm = length,
                    Rows = rows,
                    Steered = id,
                    Folder = parsed.GetValue(output),
                });
            else Print(rows, chosen, amount, id, parsed.GetValue(output));
            return ExitCode.Done;
        });
    }

    private static int Plan(string model, string name, double amount, double length, int probes, bool json)
    {
        if (json)
            Screen.Data(new { Model = model, Direction = name, Strength = amount, Norm = length, Probes = probes, Cost = 0 });
        else
            TextTable.PrintFacts(("model", model), ("direction", $"{name}, {amount:0.##} times"), ("probes", probes),
                ("cost", "none: the model runs here"));
        return ExitCode.Done;
    }

    private static void Print(IReadOnlyList<SteeringRow> rows, string name, double amount, string? id, string? folder)
    {
        if (rows.Count > 0)
        {
            Console.Out.WriteLine(
                FormattableString.Invariant($"P(low) with {amount:0.##} times {name} taken away, as it is, and added:\n"));
            var table = new TextTable("", "probes", "minus", "zero", "plus", "effect", "random");
            foreach (SteeringRow r in rows)
                table.Add(r.Name, $"{r.Probes}", $"{r.Minus:0.00}", $"{r.Zero:0.00}", $"{r.Plus:0.00}",
                    FigureNumber.Signed(r.Effect, 3), $"{r.Random:0.000}");
            table.Print();
            Console.Out.WriteLine(
                "\neffect = (plus − minus) / 2; random = what random directions of the same length do (root mean square of eight).");
        }
        if (id is not null) TextTable.PrintFacts(("steered model", id), ("folder", folder));
    }
}
