using PersonaSelection.Corpus;
using PersonaSelection.Personas;

namespace PersonaSelection.Audit;

/// <summary>Where a rewording puts its words.</summary>
public enum RewordingPlace
{
    /// <summary>Into the system turn, after what it says already; a new one where there is none.</summary>
    System,

    /// <summary>Before the text of the user's last turn.</summary>
    Prefix,

    /// <summary>After the text of that turn.</summary>
    Suffix,

    /// <summary>In place of the text of that turn, which stands where the words say <c>{text}</c>.</summary>
    Template,
}

/// <summary>
/// A change of what comes before a reply that leaves the reply alone: x becomes x', y stays. Where it has several wordings they are dealt
/// over the episodes in turn.
/// </summary>
/// <param name="Name">The name, unique in its library.</param>
/// <param name="Kind">What sort it is: request, permission, play, exercise, third-person, evaluation, character, control …</param>
/// <param name="Place">Where the words go.</param>
/// <param name="Wordings">The words; at least one, and an empty one changes nothing.</param>
public sealed record Rewording(string Name, string Kind, RewordingPlace Place, IReadOnlyList<string> Wordings)
{
    private const string Slot = "{text}";

    /// <summary>The same words with the opposite meaning, for the leak grid; null to make them by rule.</summary>
    public string? Negated { get; init; }

    /// <summary>What is left when only the telling words stay; null to make it by rule.</summary>
    public string? Keyword { get; init; }

    /// <summary>Words that look alike and mean something else; null when none are known.</summary>
    public string? NearMiss { get; init; }

    /// <summary>Whether the words wait for a trait's poles.</summary>
    public bool IsTraitFilled =>
        Wordings.Any(w => w.Contains("{low}", StringComparison.Ordinal) || w.Contains("{high}", StringComparison.Ordinal));

    /// <summary>The same place with one other wording.</summary>
    internal Rewording Saying(string words) => new(Name, Kind, Place, [words]);

    /// <summary>The words put in for a trait: <c>{low}</c> and <c>{high}</c> become the names of its poles.</summary>
    public Rewording Filled(Trait trait)
    {
        return this with
        {
            Name = $"{Name}-{trait.Name}",
            Wordings = [.. Wordings.Select(Fill)],
            Negated = Negated is null ? null : Fill(Negated),
            Keyword = Keyword is null ? null : Fill(Keyword),
            NearMiss = NearMiss is null ? null : Fill(NearMiss),
        };

        string Fill(string words) =>
            words.Replace("{low}", trait.Low, StringComparison.Ordinal).Replace("{high}", trait.High, StringComparison.Ordinal);
    }

    /// <summary>What a wording adds to a context, without the slot.</summary>
    public string Added(int wording) => Wordings[wording % Wordings.Count].Replace(Slot, "", StringComparison.Ordinal).Trim();

    /// <summary>The context with one of the wordings.</summary>
    /// <param name="context">The turns before the reply.</param>
    /// <param name="wording">Which wording; counted around.</param>
    public IReadOnlyList<Turn> Apply(IReadOnlyList<Turn> context, int wording = 0)
    {
        string words = Wordings[wording % Wordings.Count];
        if (words.Length == 0) return context;
        List<Turn> turns = [.. context];
        if (Place == RewordingPlace.System)
        {
            if (turns.Count > 0 && turns[0].Role == "system") turns[0] = turns[0] with { Text = Join(turns[0].Text, words) };
            else turns.Insert(0, new Turn("system", words));
            return turns;
        }
        int last = LastAsked(turns);
        if (last < 0)
        {
            turns.Add(new Turn("user", Added(wording)));
            return turns;
        }
        turns[last] = Reworded(turns[last], words);
        return turns;
    }

    private Turn Reworded(Turn turn, string words) => turn with
    {
        Text = Place switch
        {
            RewordingPlace.Prefix => Join(words, turn.Text),
            RewordingPlace.Suffix => Join(turn.Text, words),
            _ => words.Replace(Slot, turn.Text, StringComparison.Ordinal),
        },
    };

    /// <summary>
    /// Every episode with its reply and weight as they were, and its context reworded, with the questions of the earlier answers of its
    /// line as they are when the line is written back.
    /// </summary>
    public EpisodeSet Apply(EpisodeSet episodes) => new($"{episodes.Name}+{Name}",
        [.. episodes.Episodes.Select((e, i) => e with { Context = Apply(e, WordingOf(e, i)) })]);

    private Turn[] Apply(Episode episode, int wording)
    {
        Turn[] context = [.. Apply(episode.Context, wording)];
        string words = Wordings[wording % Wordings.Count];
        if (Place == RewordingPlace.System || words.Length == 0 || episode.Answers.Count == 0) return context;
        int last = LastAsked(episode.Context);
        foreach (int at in episode.Answers.Select(a => LastAsked([.. episode.Context.Take(a)])).Distinct())
            if (at >= 0 && at != last) context[at] = Reworded(context[at], words);
        return context;
    }

    /// <summary>Which wording an episode gets: by its line where it comes from a file, or else by its place.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="place">Its place in its set, from 0.</param>
    public static int WordingOf(Episode episode, int place) => episode.Source is { } source ? source.Line - 1 : place;

    /// <summary>
    /// The turn that prefixes, suffixes and templates change: the user's last one, as what a tool gave back is not what is asked; without
    /// any, the last that is neither the Assistant's nor a system turn; -1 for none.
    /// </summary>
    public static int LastAsked(IReadOnlyList<Turn> context)
    {
        int asked = -1;
        for (int i = context.Count - 1; i >= 0; i--)
        {
            if (context[i].Role == "user") return i;
            if (asked < 0 && context[i].Role is not ("assistant" or "system")) asked = i;
        }
        return asked;
    }

    /// <summary>A probe asked under the rewording.</summary>
    public Probe Apply(Probe probe, int wording = 0) => probe with { Context = Apply(probe.Context, wording) };

    private static string Join(string first, string then) => first.Length == 0 ? then : then.Length == 0 ? first : $"{first} {then}";
}
