using System.CommandLine;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm personas import</c>: other projects' personas, traits, statements and questions in psm's formats.</summary>
internal sealed class PersonasImportCommand
{
    private const int Shown = 10;

    private readonly Argument<string[]> _paths = new("PATH")
    {
        Description = "Files and folders (JSON, JSON lines, YAML), or library for a copy of the built-in one to edit.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _output = CommonOptions.Output("The file of the personas and traits.", "personas.yaml");
    private readonly Option<string?> _probes = new("--probes") { Description = "A file for the questions with listed answers (JSONL)." };
    private readonly Option<string?> _questions = new("--questions")
    {
        Description = "A file for the questions without listed answers, with their rubrics (JSONL).",
    };

    private readonly Option<bool> _strict = new("--strict") { Description = "Fail if anything cannot be read, instead of leaving it out." };
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private PersonasImportCommand()
    {
        _verb = new Verb("import",
            "Turn other projects' personas, traits, statements and questions into psm's formats; the content tells what a file is.",
            "psm personas import roles/ traits/ -o personas.yaml --questions questions.jsonl")
        {
            _paths, _output, _probes, _questions, _strict, _json, _quiet, _dryRun,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new PersonasImportCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        PersonaImport import = Screen.Work(parsed.GetValue(_quiet),
            p => PersonaImport.Read(parsed.GetValue(_paths)!, parsed.GetValue(_strict), p, cancellation));
        foreach (ImportProblem problem in import.Problems.Take(Shown))
            Screen.Say($"left out: {problem.File}, line {problem.Line}: {problem.Problem}");
        if (import.Problems.Count > Shown) Screen.Say($"left out: {import.Problems.Count - Shown} more");
        (string? Path, int Count, Action<string> Save)[] files =
        [
            (parsed.GetValue(_output), import.Personas.Count, path => new PersonaSet(import.Traits, import.Personas).Save(path)),
            (parsed.GetValue(_probes), import.Probes.Count, path => ProbeFile.Save(path, import.Probes)),
            (parsed.GetValue(_questions), import.Questions.Count, path => OpenQuestion.Save(path, import.Questions)),
        ];
        files = parsed.GetValue(_dryRun) ? [] : [.. files.Where(f => f.Path is not null && f.Count > 0)];
        // What was imported is edited by hand: a second import must not undo that.
        foreach ((string? path, _, Action<string> save) in files) AtomicFile.RequireSame(path!, save);
        foreach ((string? path, _, Action<string> save) in files) save(path!);
        string[] written = [.. files.Select(f => f.Path!)];
        var unasked = new List<string>();
        if (import.Probes.Count > 0 && parsed.GetValue(_probes) is null) unasked.Add("the probes: give --probes FILE");
        if (import.Questions.Count > 0 && parsed.GetValue(_questions) is null) unasked.Add("the questions: give --questions FILE");
        Print(import, written, unasked, parsed.GetValue(_json));
        return ExitCode.Done;
    }

    private static void Print(PersonaImport import, string[] written, List<string> unasked, bool json)
    {
        if (json)
        {
            Screen.Data(new
            {
                Files = import.Files,
                Traits = import.Traits.Count,
                Personas = import.Personas.Count,
                Probes = import.Probes.Count,
                Questions = import.Questions.Count,
                import.Problems,
                Written = written,
            });
            return;
        }
        TextTable.PrintFacts(
            ("read", import.Files.Count > 0
                ? string.Join(", ", import.Files.Select(f => $"{f.Value} of {f.Key}")) : "the built-in library"),
            ("personas", import.Personas.Count), ("traits", import.Traits.Count), ("probes", import.Probes.Count),
            ("questions", import.Questions.Count > 0 ? $"{import.Questions.Count} without listed answers" : "0"),
            ("left out", import.Problems.Count > 0 ? $"{import.Problems.Count} places, named on stderr" : "nothing"),
            ("written", written.Length > 0 ? string.Join(", ", written) : "nothing"),
            ("not written", unasked.Count > 0 ? string.Join("; ", unasked) : null));
    }
}
