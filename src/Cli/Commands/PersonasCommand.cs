using System.CommandLine;
using PersonaSelection.Lab;
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

    /// <summary>The option that names a world in place of a file of personas.</summary>
    internal static Option<string?> World() => new("--world")
    {
        Description = "Take the personas of a story world instead: village, or the path of a YAML file.",
    };

    /// <summary>The option that keeps to some kinds of personas.</summary>
    internal static Option<string[]> Kinds() => new("--kind")
    {
        Description = "Only personas of this kind; may be given more than once.",
    };

    /// <summary>The personas of some kinds, or of all where none is named, with their places in the set.</summary>
    internal static (int H, Persona Persona)[] OfKinds(PersonaSet set, string[] kinds)
    {
        string[] known = [.. set.Personas.Select(p => p.Kind).Distinct()];
        return kinds.Except(known).FirstOrDefault() is { } stranger
            ? throw new UserErrorException("unknown-kind", $"There is no persona of the kind '{stranger}'.",
                $"Choose among {string.Join(", ", known)}.")
            : [.. set.Personas.Index().Where(p => kinds.Length == 0 || kinds.Contains(p.Item.Kind))];
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
        world is null ? PersonaSet.Load(file) : CommonOptions.WorldOf(world).Personas;
}
