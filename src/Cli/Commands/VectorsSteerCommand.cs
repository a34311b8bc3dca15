using System.CommandLine;
using System.CommandLine.Parsing;
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
internal sealed class VectorsSteerCommand
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string> _directions = new("--directions") { Description = "The folder of directions.", Required = true };
    private readonly Option<string> _name = new("--name") { Description = "Which of them.", Required = true };
    private readonly Option<double?> _strength = CommonOptions.Number("--strength",
        "Times how much it is added; what the folder says when absent.", new("from -1000 to 1000", x => Math.Abs(x) <= 1000));

    private readonly Option<string?> _probes = new("--probes")
    {
        Description = "Questions whose answers are measured: a file (JSONL), or library, which is built in.",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Write the steered model to this folder, for every other command.",
    };

    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private VectorsSteerCommand()
    {
        _verb = new Verb("steer",
            "Steer a model along a direction: P(low) of every trait with the direction taken away, as it is, and added; "
            + "or the steered model as a folder.",
            "psm vectors steer --model base --directions directions --name machine --probes village/probes.jsonl")
        {
            _model, _directions, _name, _strength, _probes, _output, _seed, _threads, _json, _quiet, _dryRun,
        };
        _verb.Validators.Add(Check);
        _verb.Does(Run);
    }

    public static Command Create() => new VectorsSteerCommand()._verb;

    private void Check(CommandResult r)
    {
        if (r.GetResult(_probes) is null && r.GetResult(_output) is null)
            r.AddError("Give --probes to measure, -o to keep the steered model, or both.");
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<Probe> questions = parsed.GetValue(_probes) is { } file ? ProbeFile.Load(file) : [];
        using ModelFolder source = ModelFolder.Open(parsed.GetValue(_model)!, parsed.GetValue(_threads));
        if (source.Vector is not null)
            throw new UserErrorException("steered-model", "The model carries a steering vector already.",
                "Use the model it was made from.");
        DirectionFolder folder = DirectionFolder.Open(parsed.GetValue(_directions)!, source.Model);
        string chosen = parsed.GetValue(_name)!;
        double amount = parsed.GetValue(_strength) ?? folder.Strength;
        var vector = new SteeringVector(folder.Set.Origin.Site, Array.ConvertAll(folder.Of(chosen), x => (float)(amount * x)));
        double length = DirectionStrengthFit.Length(vector.Values);
        if (parsed.GetValue(_dryRun)) return Plan(source.Model.Id, chosen, amount, length, questions.Count, parsed.GetValue(_json));
        string? target = parsed.GetValue(_output);
        string? id = target is null ? null : Steering.Save(source, vector,
            FormattableString.Invariant($"{amount:0.####} times {chosen} of {folder.Set.Id} at {vector.Site}"), target);
        IReadOnlyList<SteeringRow> rows = questions.Count == 0 ? [] : Screen.Work(parsed.GetValue(_quiet), p =>
            Steering.Measure(source.Model, vector, questions, RngStream.Root(parsed.GetValue(_seed)).Child("steer"), p, cancellation));
        if (parsed.GetValue(_json))
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
                Folder = target,
            });
        else Print(rows, chosen, amount, id, target);
        return ExitCode.Done;
    }

    private static int Plan(string model, string name, double amount, double length, int probes, bool json)
    {
        if (json)
            Screen.Data(new { Model = model, Direction = name, Strength = amount, Norm = length, Probes = probes, Cost = 0 });
        else
            TextTable.PrintFacts(("model", model), ("direction", $"{NameText.Plain(name)}, {amount:0.##} times"), ("probes", probes),
                ("cost", "none: the model runs here"));
        return ExitCode.Done;
    }

    private static void Print(IReadOnlyList<SteeringRow> rows, string name, double amount, string? id, string? folder)
    {
        if (rows.Count > 0)
        {
            Console.Out.WriteLine(
                FormattableString.Invariant($"P(low) with {amount:0.##} times {NameText.Plain(name)} taken away, as it is, and added:\n"));
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
