using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Personas;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm personas show</c>: one persona, or one trait with its probes.</summary>
internal sealed class PersonasShowCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The persona, or a trait." };
    private readonly Option<string> _personas = PersonasCommand.Personas(PersonaLibrary.Name);
    private readonly Option<string?> _world = PersonasCommand.World();
    private readonly Option<string> _probes = PersonasCommand.Probes(PersonaLibrary.Name);
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Verb _verb;

    private PersonasShowCommand()
    {
        _verb = new Verb("show", "Show one persona, its traits and how it is put before a model; or one trait with its probes.",
            "psm personas show night-nurse")
        {
            _name, _personas, _world, _probes, _json,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new PersonasShowCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        PersonaSet set = PersonasCommand.Load(parsed.GetValue(_personas)!, parsed.GetValue(_world));
        string wanted = parsed.GetValue(_name)!;
        int h = set.IndexOf(wanted);
        if (h >= 0) ShowPersona(set, h, parsed.GetValue(_json));
        else if (set.Traits.FirstOrDefault(t => t.Name == wanted) is { } trait)
            ShowTrait(set, trait, [.. ProbeFile.Load(parsed.GetValue(_probes)!).Where(p => p.Trait == wanted)], parsed.GetValue(_json));
        else
        {
            string[] near = [.. set.Personas.Select(p => p.Name).Where(n => n.Contains(wanted, StringComparison.OrdinalIgnoreCase))];
            throw new UserErrorException("unknown-persona", $"There is no persona and no trait '{wanted}'.", set.Personas.Count <= 40
                ? $"Choose one of {string.Join(", ", set.Personas.Select(p => p.Name))}."
                : near.Length > 0 ? $"Did you mean {string.Join(", ", near.Take(10))}?" : "'psm personas list' has them all.");
        }
        return ExitCode.Done;
    }

    private static void ShowPersona(PersonaSet set, int h, bool json)
    {
        Persona persona = set.Personas[h];
        if (json)
        {
            Screen.Data(persona with { Prior = set.Prior[h] });
            return;
        }
        TextTable.PrintFacts(("persona", persona.Name), ("kind", persona.Kind), ("prior", $"{set.Prior[h]:0.0000}"),
            ("description", persona.Description), ("examples", persona.Examples));
        Console.Out.WriteLine();
        var table = new TextTable("trait", "value", "low pole", "high pole");
        foreach (Trait t in set.Traits.Where(t => persona.Traits.ContainsKey(t.Name)))
            table.Add(t.Name, FigureNumber.Signed(persona.Traits[t.Name]), t.Low, t.High);
        table.Print();
        bool described = persona.Examples is null && !persona.IsDirected;
        foreach (IReadOnlyList<Turn> context in (described ? PresentedPersona.WithContexts(persona) : persona).Contexts)
            Console.Out.WriteLine("\nput before a model by:\n" + ChatTemplate.Plain.RenderTurns(context).TrimEnd());
    }

    private static void ShowTrait(PersonaSet set, Trait trait, IReadOnlyList<Probe> probes, bool json)
    {
        Persona[] byValue = [.. set.Personas.Where(p => p.Traits.GetValueOrDefault(trait.Name) != 0).OrderBy(p => p.Traits[trait.Name])];
        if (json)
        {
            Screen.Data(new
            {
                trait.Name,
                trait.Low,
                trait.High,
                trait.Definition,
                Personas = byValue.Select(p => new { p.Name, Value = p.Traits[trait.Name] }),
                Probes = probes,
            });
            return;
        }
        TextTable.PrintFacts(("trait", trait.Name), ("low pole", trait.Low), ("high pole", trait.High), ("definition", trait.Definition),
            ("lowest", Names(byValue.TakeWhile(p => p.Traits[trait.Name] < 0).Take(6))),
            ("highest", Names(byValue.Reverse().TakeWhile(p => p.Traits[trait.Name] > 0).Take(6))));
        foreach (Probe probe in probes)
        {
            Console.Out.WriteLine($"\n{ChatTemplate.Plain.RenderTurns(probe.Context)}");
            foreach (string reply in probe.Low) Console.Out.WriteLine($"  low   {reply}");
            foreach (string reply in probe.High) Console.Out.WriteLine($"  high  {reply}");
        }
    }

    private static string Names(IEnumerable<Persona> personas) => string.Join(", ", personas.Select(p => p.Name));
}
