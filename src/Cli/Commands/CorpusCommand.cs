using System.CommandLine;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm corpus</c>: documents to pre-train on.</summary>
internal static class CorpusCommand
{
    public static Command Create() =>
        new("corpus", "Corpora to pre-train on: make one from a story world or from your own files, look into one.")
        {
            CorpusNewCommand.Create(),
            CorpusImportCommand.Create(),
            CorpusShowCommand.Create(),
        };
}
