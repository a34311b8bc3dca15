namespace PersonaSelection.Worlds;

/// <summary>A document of a world, with the truth about it.</summary>
/// <param name="Genre">The genre's name.</param>
/// <param name="Text">Plain English, with capitals and one line per turn.</param>
/// <param name="Tokens">The same in ids of the world's tokenizer, from begin to end.</param>
/// <param name="Characters">Who acts in it: one, or two in some narratives.</param>
/// <param name="Decisions">What they do, in order.</param>
/// <param name="LogProbability">log p(Tokens without the begin token) in nats, exact: every choice and the sum over all characters.</param>
public sealed record WorldDocument(string Genre, string Text, int[] Tokens, IReadOnlyList<WorldCharacter> Characters,
    IReadOnlyList<WorldDecision> Decisions, double LogProbability);

/// <summary>A character of a document and what is true of it.</summary>
/// <param name="Name">Its name; empty for the Assistant of a chat.</param>
/// <param name="Nature">What sort of being it is.</param>
/// <param name="Archetype">Its archetype; empty in a world whose traits are independent.</param>
/// <param name="Traits">By trait in the world's order: -1 the low pole, 1 the high pole.</param>
public sealed record WorldCharacter(string Name, string Nature, string Archetype, IReadOnlyList<int> Traits);

/// <summary>Whether an act was asked for.</summary>
public enum WorldRequest
{
    /// <summary>Nothing was asked: the act tells on the doer.</summary>
    None,
    /// <summary>The bad act was asked for.</summary>
    Bad,
    /// <summary>The good act was asked for.</summary>
    Good,
}

/// <summary>One act of a document.</summary>
/// <param name="TokenIndex">Where in the document's tokens the act starts: the prefix before it is what a model sees.</param>
/// <param name="Domain">The domain's name.</param>
/// <param name="Character">Who acts: an index into the document's characters.</param>
/// <param name="Request">Whether it was asked for.</param>
/// <param name="Bad">Whether the act is the low-pole one.</param>
/// <param name="Exact">P(bad) given everything before, exact.</param>
/// <param name="PriorOnly">P(bad) given the doer's nature and the request alone.</param>
public sealed record WorldDecision(int TokenIndex, string Domain, int Character, WorldRequest Request, bool Bad,
    double Exact, double PriorOnly);
