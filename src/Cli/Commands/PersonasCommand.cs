using System.CommandLine;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm personas</c>: who the Assistant may be.</summary>
internal static class PersonasCommand
{
    public static Command Create() => new("personas", "The characters that a model may take the Assistant for.")
    {
        PersonasListCommand.Create(), PersonasShowCommand.Create(), PersonasCheckCommand.Create(),
        PersonasImportCommand.Create(),
    };

    /// <summary>Where personas come from: a file or the library, unless a world is named.</summary>
    internal static (Option<string> File, Option<string?> World) Sources() =>
        (Personas(PersonaLibrary.Name),
            new Option<string?>("--world")
            {
                Description = "Take the personas of a story world instead: village, or the path of a YAML file.",
            });

    /// <summary>The option that names personas.</summary>
    internal static Option<string> Personas(string? fallback = null)
    {
        var option = new Option<string>("--personas")
        {
            Description = "Who the Assistant may be: a file (YAML or JSON), or library, which is built in.",
            Required = fallback is null,
        };
        if (fallback is not null) option.DefaultValueFactory = _ => fallback;
        return option;
    }

    /// <summary>The option that names probes.</summary>
    internal static Option<string> Probes(string? fallback = null)
    {
        var option = new Option<string>("--probes")
        {
            Description = "Questions that reveal traits: a file (JSONL), or library, which is built in.",
            Required = fallback is null,
        };
        if (fallback is not null) option.DefaultValueFactory = _ => fallback;
        return option;
    }

    internal static PersonaSet Load(string file, string? world) =>
        world is null ? PersonaSet.Load(file) : CorpusNewCommand.WorldOf(world).Personas;
}
