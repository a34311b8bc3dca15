using System.CommandLine;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model</c>: language models.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Language models: pre-train, tune, look into, score, talk to.")
    {
        ModelTrainCommand.Create(),
        ModelTuneCommand.Create(),
        ModelShowCommand.Create(),
        ModelScoreCommand.Create(),
        ModelChatCommand.Create(),
    };
}
