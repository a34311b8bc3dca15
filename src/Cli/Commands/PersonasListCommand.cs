using System.CommandLine;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm personas list</c>: the personas or the traits of the library, of a file or of a world.</summary>
internal static class PersonasListCommand
{
    public static Verb Create()
    {
        (Option<string> file, Option<string?> world) = PersonasCommand.Sources();
        Option<string[]> kinds = new("--kind") { Description = "Only personas of this kind; may be given more than once." };
        Option<bool> traits = new("--traits") { Description = "List the traits instead." };
        Option<bool> json = CommonOptions.Json();
        return new Verb("list", "List personas with their priors, or traits: those of the library, of a file or of a world.",
            "psm personas list --kind machine")
        {
            file, world, kinds, traits, json,
        }.Does((parsed, _) =>
        {
            PersonaSet set = PersonasCommand.Load(parsed.GetValue(file)!, parsed.GetValue(world));
            if (parsed.GetValue(traits)) Traits(set, parsed.GetValue(json));
            else Personas(set, parsed.GetValue(kinds) ?? [], parsed.GetValue(json));
            return ExitCode.Done;
        });
    }

    /// <summary>The personas of some kinds, or of all where none is named, with their places in the set.</summary>
    internal static (int H, Persona Persona)[] OfKinds(PersonaSet set, string[] kinds)
    {
        string[] known = [.. set.Personas.Select(p => p.Kind).Distinct()];
        return kinds.Except(known).FirstOrDefault() is { } stranger
            ? throw new UserErrorException("unknown-kind", $"There is no persona of the kind '{stranger}'.",
                $"Choose among {string.Join(", ", known)}.")
            : [.. set.Personas.Index().Where(p => kinds.Length == 0 || kinds.Contains(p.Item.Kind))];
    }

    private static void Personas(PersonaSet set, string[] kinds, bool json)
    {
        double[] prior = set.Prior;
        (int H, Persona Persona)[] chosen = OfKinds(set, kinds);
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
