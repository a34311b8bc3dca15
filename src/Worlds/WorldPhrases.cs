namespace PersonaSelection.Worlds;

/// <summary>How a world's people ask for one act or the other, and what stands above its chats.</summary>
/// <param name="SayBad">Asks for the bad act, in a dialogue.</param>
/// <param name="SayGood">Asks for the good act, in a dialogue.</param>
/// <param name="TellBad">Tells that the bad act was asked for.</param>
/// <param name="TellGood">Tells that the good act was asked for.</param>
/// <param name="Headers">Lines above a chat; one may hold <c>{traits}</c>.</param>
public sealed record WorldPhrases(IReadOnlyList<string> SayBad, IReadOnlyList<string> SayGood, IReadOnlyList<string> TellBad,
    IReadOnlyList<string> TellGood, IReadOnlyList<string> Headers);

public sealed partial class World
{
    /// <summary>The phrases that rewordings of this world's episodes can be made of.</summary>
    public WorldPhrases Phrases => new(Texts(Grammar.Definition.Requests.SayBad), Texts(Grammar.Definition.Requests.SayGood),
        Texts(Grammar.Definition.Requests.TellBad), Texts(Grammar.Definition.Requests.TellGood),
        [.. Grammar.Definition.Genres.SelectMany(g => g.Headers).Select(h => h.Text.Text).Where(t => t.Length > 0).Distinct()]);

    private static string[] Texts(IReadOnlyList<Sentence> sentences) => [.. sentences.Select(s => s.Text)];
}
