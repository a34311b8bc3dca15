using PersonaSelection.Corpus;

namespace PersonaSelection.Evidence;

/// <summary>Puts one dialogue before another so that the whole is still one dialogue.</summary>
public static class DialogueJoin
{
    /// <summary>
    /// System turns that open either part come first, each once, then the rest of <paramref name="first"/>, then the rest of
    /// <paramref name="then"/>: a header in the middle of a conversation is nothing that a model has seen.
    /// </summary>
    public static IReadOnlyList<Turn> Of(IReadOnlyList<Turn> first, IReadOnlyList<Turn> then)
    {
        if (first.Count == 0) return then;
        int a = Opening(first), b = Opening(then);
        return [.. first.Take(a).Concat(then.Take(b)).Distinct(), .. first.Skip(a), .. then.Skip(b)];
    }

    private static int Opening(IReadOnlyList<Turn> turns) => turns.TakeWhile(t => t.Role == "system").Count();
}
