namespace PersonaSelection.Worlds;

/// <summary>What a document so far tells about its characters, exactly.</summary>
/// <param name="Genre">The genre's name; empty while it is not known.</param>
/// <param name="Characters">The characters that have come in, name and role told whole.</param>
/// <param name="LogProbability">log p(the tokens so far, without the begin token) in nats.</param>
/// <param name="Decision">The decision that is next, if the document stands right before one.</param>
public sealed record WorldInference(
    string Genre, IReadOnlyList<CharacterInference> Characters, double LogProbability,
    (string Domain, int Character, WorldRequest Request, double Bad)? Decision);

/// <summary>What is known of one character.</summary>
/// <param name="Name">Its name; empty for the Assistant of a chat.</param>
/// <param name="Nature">What sort of being it is.</param>
/// <param name="Poles">P(vector of poles): 2^K entries that sum to 1; bit k of the index is set for the LOW pole of trait k.</param>
/// <param name="Archetypes">P(archetype), in the world's order; sums to 1. Empty in a world whose traits are independent.</param>
/// <param name="Traits">E[trait] in [-1, 1], in the world's order.</param>
public sealed record CharacterInference(string Name, string Nature, double[] Poles, double[] Archetypes, double[] Traits);

public sealed partial class World
{
    /// <summary>The exact posterior after any beginning of a document.</summary>
    /// <param name="prefix">Token ids, the first of them the begin token.</param>
    /// <exception cref="Lab.UserErrorException"><c>impossible-text</c>: the world cannot say the prefix.</exception>
    public WorldInference Infer(ReadOnlySpan<int> prefix)
    {
        var reading = new WorldReading(Grammar);
        double logp = 0;
        if (prefix.Length > 0) reading.ReadPrefix(prefix[..1]);
        for (int i = 1; i < prefix.Length; i++)
        {
            double p = reading.Read(prefix[i]);
            if (!(p > 0)) new WorldReading(Grammar).ReadPrefix(prefix);
            logp += Math.Log(p);
        }
        return Describe(reading, logp);
    }

    /// <summary>
    /// P(vector of poles | nature): 2^K entries that sum to 1; bit k of the index is set for the LOW pole of trait k. A copy.
    /// </summary>
    public double[] Prior(string nature) => [.. Grammar.Space.Prior[NatureIndex(nature)]];

    /// <summary>P(bad act | vector of poles) in a domain, nobody having asked: 2^K entries. A copy.</summary>
    public double[] BadGivenPoles(string domain) => [.. Grammar.Space.Bad[DomainIndex(domain)]];

    /// <summary>P(bad act) in a domain by somebody of whom nothing is known but the nature.</summary>
    public double BadByPrior(string domain, string nature) =>
        CharacterSpace.Mean(Grammar.Space.Prior[NatureIndex(nature)], Grammar.Space.Bad[DomainIndex(domain)]);

    internal int NatureIndex(string nature)
    {
        for (int n = 0; n < Grammar.Definition.Natures.Count; n++)
            if (Grammar.Definition.Natures[n].Name == nature) return n;
        throw new ArgumentException($"The world {Name} has no nature '{nature}', only {string.Join(", ", Natures)}.", nameof(nature));
    }

    private WorldInference Describe(WorldReading reading, double logp)
    {
        DocumentWalk walk = reading.Walk;
        bool open = walk.Step != Step.Opening;
        int cast = !open || walk.Step == Step.Name && walk.Introducing == 0 ? 0 : walk.Introducing == 1 && walk.Step != Step.Name ? 2 : 1;
        var characters = new CharacterInference[cast];
        for (int i = 0; i < cast; i++)
            characters[i] = reading.BetweenSteps ? Describe(walk.Cast[i])
                : Mean([.. reading.Open().Select(o => (Describe(o.Walk.Cast[i]), o.Probability))]);
        bool deciding = walk.Step == Step.Act && reading.BetweenSteps;
        return new WorldInference(open ? Grammar.Definition.Genres[walk.Genre].Name : "", characters, logp, deciding
            ? (Grammar.Definition.Domains[walk.Domain].Name, walk.Actor, (WorldRequest)walk.Request, walk.BadProbability()) : null);
    }

    /// <summary>What is believed of a character while several ways to go on are open.</summary>
    private static CharacterInference Mean((CharacterInference Character, double Probability)[] open)
    {
        double[] Sum(Func<CharacterInference, double[]> of) => [.. Enumerable.Range(0, of(open[0].Character).Length)
            .Select(i => open.Sum(o => o.Probability * of(o.Character)[i]))];
        return open[0].Character with { Poles = Sum(c => c.Poles), Archetypes = Sum(c => c.Archetypes), Traits = Sum(c => c.Traits) };
    }

    private CharacterInference Describe(CastMember member)
    {
        double[] archetypes = Grammar.Definition.IndependentTraits ? [] : Grammar.Space.ArchetypesOf(member.Nature, member.Belief);
        if (member.Revealed >= 0)
        {
            Array.Clear(archetypes);
            archetypes[member.Revealed] = 1;
        }
        var traits = new double[Grammar.Space.Traits];
        for (int t = 0; t < member.Belief.Length; t++)
            for (int k = 0; k < traits.Length; k++) traits[k] += (t >> k & 1) == 1 ? -member.Belief[t] : member.Belief[t];
        return new CharacterInference(member.Name >= 0 ? Grammar.Named[member.Name].Name : "",
            Grammar.Definition.Natures[member.Nature].Name, [.. member.Belief], archetypes, traits);
    }
}
