using System.CommandLine;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm vectors</c>: directions of personas and traits inside a model.</summary>
internal static class VectorsCommand
{
    public static Command Create() =>
        new("vectors", "Directions of personas and traits in a model's activations: read off, look into, steer by.")
        {
            VectorsExtractCommand.Create(), VectorsShowCommand.Create(), VectorsSteerCommand.Create(),
        };
}
