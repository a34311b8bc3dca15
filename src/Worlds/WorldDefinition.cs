using PersonaSelection.Personas;

namespace PersonaSelection.Worlds;

/// <summary>A sentence of a world, perhaps with a slot such as <c>{object}</c>, and the line it was read from (0: none).</summary>
internal sealed record Sentence(string Text, int Line = 0);

/// <summary>Everything a world file declares, unchecked. <see cref="Grammar"/> checks and compiles it.</summary>
internal sealed record WorldDefinition
{
    public required string Name { get; init; }
    public required IReadOnlyList<TraitDefinition> Traits { get; init; }
    public required IReadOnlyList<ArchetypeDefinition> Archetypes { get; init; }
    public required IReadOnlyList<NatureDefinition> Natures { get; init; }
    /// <summary>The nature of a dialogue's Assistant when no header says otherwise.</summary>
    public required string AssistantNature { get; init; }
    public required IntroductionDefinition Introductions { get; init; }
    public required RequestDefinition Requests { get; init; }
    public required IReadOnlyList<GenreDefinition> Genres { get; init; }
    public required IReadOnlyList<DomainDefinition> Domains { get; init; }
    /// <summary>Whether a document may come back to a domain (never twice running).</summary>
    public bool RepeatDomains { get; init; } = true;
    /// <summary>A control: each nature keeps P(pole) of every trait, but the traits are independent of each other.</summary>
    public bool IndependentTraits { get; init; }
}

/// <summary>A trait with the adjectives that tell of its poles.</summary>
internal sealed record TraitDefinition(Trait Trait, IReadOnlyList<Sentence> LowWords, IReadOnlyList<Sentence> HighWords, int Line = 0);

/// <summary>A bundle of traits: P(high pole) in the order of the world's traits.</summary>
internal sealed record ArchetypeDefinition(string Name, string Description, double[] High, int Line = 0);

/// <summary>A sort of being: how often it is met, what it is called, and P(archetype) in the order of the world's archetypes.</summary>
internal sealed record NatureDefinition(
    string Name, double Share, IReadOnlyList<Sentence> Names, IReadOnlyList<Sentence> Roles, double[] Archetypes, int Line = 0);

/// <summary>How a named character comes in.</summary>
internal sealed record IntroductionDefinition(
    Sentence Start, double Second, Sentence Plain, double PlainShare, Sentence Traits, double TraitsShare,
    Sentence Archetype, double ArchetypeShare);

/// <summary>Requests for one act or the other.</summary>
internal sealed record RequestDefinition(double Comply, double Bad, double Good,
    IReadOnlyList<Sentence> SayBad, IReadOnlyList<Sentence> SayGood, IReadOnlyList<Sentence> TellBad, IReadOnlyList<Sentence> TellGood);

/// <summary>What a genre is made of.</summary>
internal enum GenreForm
{
    /// <summary>A dialogue with the Assistant, perhaps under a header.</summary>
    Chat,
    /// <summary>A dialogue with a named character.</summary>
    Dialogue,
    /// <summary>Told in the third person, of one or two named characters.</summary>
    Narrative,
}

/// <summary>A line above a chat; <paramref name="Text"/> is empty for none.</summary>
internal sealed record HeaderDefinition(Sentence Text, double Share, string? Nature);

/// <summary>A genre.</summary>
internal sealed record GenreDefinition(string Name, GenreForm Form, double Weight, int MinEpisodes, int MaxEpisodes, int Line = 0)
{
    public Sentence Opening { get; init; } = new("");
    public double Pairs { get; init; }
    public Sentence PairOpening { get; init; } = new("");
    public Sentence Asker { get; init; } = new("");
    public Sentence Speaker { get; init; } = new("");
    public IReadOnlyList<HeaderDefinition> Headers { get; init; } = [];
}

/// <summary>A domain of life: what may come up, and what the two sorts of doer do.</summary>
internal sealed record DomainDefinition(string Name, string Title, bool HeldOut, double Bias, double[] Weights, int Line = 0)
{
    public IReadOnlyList<Sentence> Objects { get; init; } = [];
    public IReadOnlyList<Sentence> Prompts { get; init; } = [];
    public IReadOnlyList<Sentence> Good { get; init; } = [];
    public IReadOnlyList<Sentence> Bad { get; init; } = [];
    public IReadOnlyList<Sentence> Setups { get; init; } = [];
    public IReadOnlyList<Sentence> GoodActs { get; init; } = [];
    public IReadOnlyList<Sentence> BadActs { get; init; } = [];
    public IReadOnlyList<Sentence> HeldOutPrompts { get; init; } = [];
    public IReadOnlyList<Sentence> HeldOutGood { get; init; } = [];
    public IReadOnlyList<Sentence> HeldOutBad { get; init; } = [];
}
