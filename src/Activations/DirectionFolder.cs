using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Activations;

/// <summary>Directions that were saved, for the model that they belong to.</summary>
public sealed class DirectionFolder
{
    private DirectionFolder(string path, DirectionSet set) => (Path, Set) = (path, set);

    /// <summary>Where they are.</summary>
    public string Path { get; }

    /// <summary>The directions.</summary>
    public DirectionSet Set { get; }

    /// <summary>How much of a direction is added where nothing else is said: what was measured when they were extracted, or once.</summary>
    public double Strength => Set.Strength?.Amount ?? 1;

    /// <summary>Reads directions and checks that they are of this model.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="UserErrorException"><c>bad-directions</c>, <c>other-model-directions</c>, or a file is missing or of
    /// another version.</exception>
    public static DirectionFolder Open(string path, Transformer model)
    {
        DirectionSet set = DirectionSet.Load(path);
        string? why = set.Origin.Model != model.Id ? $"the model {set.Origin.Model}, and this one is {model.Id}"
            : set.Width != model.Config.Width ? $"a model of width {set.Width}, and this one has {model.Config.Width}"
            : !ActivationSite.All(model.Config).Contains(set.Origin.Site) || set.Origin.Site == "final"
                ? $"the site '{set.Origin.Site}', where nothing can be added to this model" : null;
        return why is null ? new DirectionFolder(path, set) : throw new UserErrorException("other-model-directions",
            $"The directions in {path} are of {why}.", "Directions mean something inside the model they were read from: use that one, or "
            + "extract them from this one with 'psm vectors extract'.");
    }

    /// <summary>The direction of a name.</summary>
    /// <exception cref="UserErrorException"><c>unknown-direction</c>.</exception>
    public float[] Of(string name) => Set.Names.Contains(name) ? [.. Set[name].Values] : throw new UserErrorException("unknown-direction",
        $"There is no direction '{name}' in {Path}.",
        $"Choose one of {string.Join(", ", Set.Names.Take(20))}{(Set.Names.Count > 20 ? " …" : "")}.");
}
