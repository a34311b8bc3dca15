using PersonaSelection.Corpus;

namespace PersonaSelection.Cli.Commands;

/// <summary>How a file of training data is read, on the screen and as JSON.</summary>
internal static class CorpusDataScreen
{
    private const int MostNamed = 8;

    public static void PrintJson(DataOverview data) => Screen.Data(new
    {
        data.File,
        data.Lines,
        data.BadLines,
        Formats = data.Formats.ToDictionary(f => DataOptions.NameOf(f.Key), f => f.Value),
        data.Episodes,
        data.Rejected,
        data.Choices,
        data.Instructed,
        data.MostTurns,
        data.ReplyCharacters,
        data.ContextCharacters,
        data.Labels,
        data.Unread,
        First = data.First.Select(e => new { e.Id, e.Source!.Line, e.Context, e.Reply, e.Weight, e.Label }),
    });

    public static void Print(DataOverview data)
    {
        TextTable.PrintFacts(("data", data.File),
            ("lines", $"{data.Lines:N0} with training examples" + (data.BadLines > 0 ? $", {data.BadLines:N0} passed over" : "")),
            ("format", Names(data.Formats.ToDictionary(f => DataOptions.NameOf(f.Key), f => f.Value))),
            ("episodes", $"{data.Episodes:N0}" + (data.Rejected > 0 ? $", {data.Rejected:N0} of them rejected answers" : "")
                + (data.Choices > 0 ? $", {data.Choices:N0} in preferences" : "")),
            ("system turn", data.Instructed > 0 ? $"before {data.Instructed:N0} episodes" : "none"),
            ("turns", $"at most {data.MostTurns:N0} before an answer"),
            ("characters", $"{data.ReplyCharacters:N0} of answers, {data.ContextCharacters:N0} before them"),
            ("labels", data.Labels.Count > 0 ? Names(data.Labels) : null),
            ("not read", data.Unread.Count > 0 ? Names(data.Unread) : null));
        foreach (Episode episode in data.First)
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine($"[line {episode.Source!.Line}: {episode.Id}"
                + (episode.Weight == 1 ? "]" : FormattableString.Invariant($", weight {episode.Weight:0.####}]")));
            Console.Out.WriteLine(ChatTemplate.Plain.RenderTurns([.. episode.Context, new Turn("assistant", episode.Reply)]));
        }
    }

    private static string Names(IReadOnlyDictionary<string, long> counts) =>
        string.Join(", ", counts.OrderByDescending(c => c.Value).Take(MostNamed).Select(c => $"{c.Key} ({c.Value:N0})"))
        + (counts.Count > MostNamed ? $" and {counts.Count - MostNamed:N0} more" : "");
}
