using System.CommandLine;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm personas list</c>: the personas or the traits of the library, of a file or of a world.</summary>
internal sealed class PersonasListCommand
{
    private readonly Option<string> _personas = PersonasCommand.Personas(PersonaLibrary.Name);
    private readonly Option<string?> _world = PersonasCommand.World();
    private readonly Option<string[]> _kinds = PersonasCommand.Kinds();
    private readonly Option<bool> _traits = new("--traits") { Description = "List the traits instead." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Verb _verb;

    private PersonasListCommand()
    {
        _verb = new Verb("list", "List personas with their priors, or traits: those of the library, of a file or of a world.",
            "psm personas list --kind machine")
        {
            _personas, _world, _kinds, _traits, _json,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new PersonasListCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        PersonaSet set = PersonasCommand.Load(parsed.GetValue(_personas)!, parsed.GetValue(_world));
        if (parsed.GetValue(_traits)) Traits(set, parsed.GetValue(_json));
        else Personas(set, parsed.GetValue(_kinds) ?? [], parsed.GetValue(_json));
        return ExitCode.Done;
    }

    private static void Personas(PersonaSet set, string[] kinds, bool json)
    {
        double[] prior = set.Prior;
        (int H, Persona Persona)[] chosen = PersonasCommand.OfKinds(set, kinds);
        if (json)
        {
            Screen.Data(new
            {
                Id = set.Id.ToString(),
                Traits = set.Traits,
                Personas = chosen.Select(p => new
                {
                    p.Persona.Name,
                    p.Persona.Kind,
                    p.Persona.Description,
                    Prior = prior[p.H],
                    p.Persona.Traits,
                    Contexts = p.Persona.Contexts.Count
                }),
            });
            return;
        }
        var table = new TextTable("persona", "kind", "prior", "contexts", "description");
        foreach ((int h, Persona p) in chosen) table.Add(p.Name, p.Kind, $"{prior[h]:0.0000}", $"{p.Contexts.Count}", p.Description);
        table.Print();
    }

    private static void Traits(PersonaSet set, bool json)
    {
        (Trait Trait, int Low, int High)[] rows = [.. set.Traits.Select(t => (t,
            set.Personas.Count(p => p.Traits.GetValueOrDefault(t.Name) < 0), set.Personas.Count(p =>
                p.Traits.GetValueOrDefault(t.Name) > 0)))];
        if (json)
        {
            Screen.Data(new
            {
                Id = set.Id.ToString(),
                Traits = rows.Select(r =>
                    new { r.Trait.Name, r.Trait.Low, r.Trait.High, r.Trait.Definition, PersonasLow = r.Low, PersonasHigh = r.High }),
            });
            return;
        }
        var table = new TextTable("trait", "low pole", "high pole", "low", "high", "definition");
        foreach ((Trait t, int low, int high) in rows) table.Add(t.Name, t.Low, t.High, $"{low}", $"{high}", t.Definition);
        table.Print();
    }
}
