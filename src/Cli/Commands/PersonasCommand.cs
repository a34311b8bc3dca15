using System.CommandLine;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm personas</c>: who the Assistant may be.</summary>
internal static class PersonasCommand
{
    public static Command Create() => new("personas", "The characters that a model may take the Assistant for.") { List(), Show() };

    private static Verb List()
    {
        (Option<string?> file, Option<string> world) = Sources();
        Option<bool> json = CommonOptions.Json();
        return new Verb("list", "List the personas of a file or of a world, with their priors.",
            "psm personas list --world village") { file, world, json }
            .Does((parsed, _) =>
            {
                PersonaSet set = Load(parsed.GetValue(file), parsed.GetValue(world)!);
                double[] prior = set.Prior;
                if (parsed.GetValue(json))
                {
                    Screen.Data(new
                    {
                        Id = set.Id.ToString(),
                        Traits = set.Traits,
                        Personas = set.Personas.Select((p, h) => new
                        {
                            p.Name,
                            p.Kind,
                            p.Description,
                            Prior = prior[h],
                            p.Traits,
                            Contexts = p.Contexts.Count
                        }),
                    });
                    return ExitCode.Done;
                }
                var table = new TextTable("persona", "kind", "prior", "contexts", "description");
                foreach ((int h, Persona p) in set.Personas.Index())
                    table.Add(p.Name, p.Kind, $"{prior[h]:0.000}", $"{p.Contexts.Count}", p.Description);
                table.Print();
                return ExitCode.Done;
            });
    }

    private static Verb Show()
    {
        Argument<string> name = new("NAME") { Description = "The persona." };
        (Option<string?> file, Option<string> world) = Sources();
        Option<bool> json = CommonOptions.Json();
        return new Verb("show", "Show one persona: its traits and how it is put before a model.",
            "psm personas show trickster --world village")
        {
            name, file, world, json,
        }.Does((parsed, _) =>
        {
            PersonaSet set = Load(parsed.GetValue(file), parsed.GetValue(world)!);
            int h = set.IndexOf(parsed.GetValue(name)!);
            if (h < 0)
            {
                throw new UserErrorException("unknown-persona", $"There is no persona '{parsed.GetValue(name)}'.",
                    $"Choose one of {string.Join(", ", set.Personas.Select(p => p.Name))}.");
            }
            Persona persona = set.Personas[h];
            if (parsed.GetValue(json))
            {
                Screen.Data(persona with { Prior = set.Prior[h] });
                return ExitCode.Done;
            }
            TextTable.PrintFacts(("persona", persona.Name), ("kind", persona.Kind), ("prior", $"{set.Prior[h]:0.000}"),
                ("description", persona.Description));
            Console.Out.WriteLine();
            var table = new TextTable("trait", "value", "low pole", "high pole");
            foreach (Trait t in set.Traits)
                table.Add(t.Name, persona.Traits.GetValueOrDefault(t.Name).ToString("+0.00;−0.00;0.00"), t.Low, t.High);
            table.Print();
            foreach (IReadOnlyList<Corpus.Turn> context in persona.Contexts)
                Console.Out.WriteLine("\n" + Corpus.ChatTemplate.Plain.RenderTurns(context));
            return ExitCode.Done;
        });
    }

    private static (Option<string?> File, Option<string> World) Sources() =>
        (new Option<string?>("--personas") { Description = "A file of personas (YAML or JSON); without it, those of the world." },
            CommonOptions.World());

    private static PersonaSet Load(string? file, string world) => file is not null ? PersonaSet.Load(file)
        : CorpusNewCommand.WorldOf(world).Personas;
}
