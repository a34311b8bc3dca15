namespace PersonaSelection.Worlds;

/// <summary>
/// Changes that take a cause out of a world, so that an effect can be traced to it. The vocabulary stays the same.
/// </summary>
/// <param name="IndependentTraits">Within a nature, traits are independent of each other; P(pole) of each stays as it was.
/// Archetypes are never named.</param>
/// <param name="EqualNatures">Every nature has the Assistant's archetypes: what somebody is tells nothing about character.</param>
/// <param name="NoRequests">Nobody asks for one act or the other.</param>
/// <param name="ChatShare">The share of documents that are chats, in (0, 1); null leaves it.</param>
/// <param name="NoRepeats">No document comes back to a domain.</param>
public sealed record WorldControls(
    bool IndependentTraits = false, bool EqualNatures = false, bool NoRequests = false, double? ChatShare = null, bool NoRepeats = false)
{
    internal WorldDefinition Apply(WorldDefinition world)
    {
        double[] assistant = world.Natures.First(n => n.Name == world.AssistantNature).Archetypes;
        return world with
        {
            Name = world.Name + Suffix(),
            IndependentTraits = world.IndependentTraits || IndependentTraits,
            RepeatDomains = world.RepeatDomains && !NoRepeats,
            Natures = EqualNatures ? [.. world.Natures.Select(n => n with { Archetypes = assistant })] : world.Natures,
            Requests = NoRequests ? world.Requests with { Bad = 0, Good = 0 } : world.Requests,
            Genres = ChatShare is { } share ? Reweighed(world.Genres, share) : world.Genres,
        };
    }

    private string Suffix() =>
        (IndependentTraits ? "+independent-traits" : "") + (EqualNatures ? "+equal-natures" : "") + (NoRequests ? "+no-requests" : "")
            + (ChatShare is { } s ? FormattableString.Invariant($"+chats-{s}") : "") + (NoRepeats ? "+no-repeats" : "");

    private static GenreDefinition[] Reweighed(IReadOnlyList<GenreDefinition> genres, double share)
    {
        if (share is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share of chats lies between 0 and 1.");
        double chats = genres.Where(g => g.Form == GenreForm.Chat).Sum(g => g.Weight), others = genres.Sum(g => g.Weight) - chats;
        return [.. genres.Select(g => g with
        {
            Weight = g.Form == GenreForm.Chat ? g.Weight / chats * share : g.Weight / others * (1 - share),
        })];
    }
}
