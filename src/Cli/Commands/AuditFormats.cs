using PersonaSelection.Corpus;

namespace PersonaSelection.Cli.Commands;

/// <summary>The formats of training data by the names that a command line gives them.</summary>
internal static class AuditFormats
{
    private static readonly Dictionary<string, EpisodeFormat> ByName = new(StringComparer.Ordinal)
    {
        ["messages"] = EpisodeFormat.Messages,
        ["prompt-completion"] = EpisodeFormat.PromptCompletion,
        ["preference"] = EpisodeFormat.Preference,
        ["sharegpt"] = EpisodeFormat.ShareGpt,
    };

    public static IEnumerable<string> Names => ByName.Keys;

    public static EpisodeFormat? Parse(string? name) => name is null ? null : ByName[name];
}
