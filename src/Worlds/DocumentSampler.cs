using PersonaSelection.Numerics;

namespace PersonaSelection.Worlds;

/// <summary>The hidden truth about one character: its archetype (-1 where traits are independent) and its poles.</summary>
internal record struct Truth(int Archetype, int Character);

/// <summary>Writes documents: characters are drawn when their nature is known, and every choice follows from their true traits.</summary>
internal sealed class DocumentSampler
{
    private readonly Grammar _grammar;
    private readonly double[] _openingShares;
    private readonly double[] _natureShares;
    private readonly int[][] _namesOf;

    public DocumentSampler(Grammar grammar)
    {
        _grammar = grammar;
        _openingShares = [.. grammar.Opening.Alternatives.Select(a => a.Weight)];
        _natureShares = [.. grammar.Definition.Natures.Select(n => n.Share)];
        _namesOf = [.. Enumerable.Range(0, _natureShares.Length)
            .Select(n => Enumerable.Range(0, grammar.Named.Length).Where(i => grammar.Named[i].Nature == n).ToArray())];
    }

    /// <summary>Draws a character of a nature.</summary>
    public Truth DrawCharacter(int nature, RngStream rng)
    {
        CharacterSpace space = _grammar.Space;
        if (_grammar.Definition.IndependentTraits) return new Truth(-1, rng.NextIndex(space.Prior[nature]));
        int archetype = rng.NextIndex(space.ArchetypePrior[nature]);
        return new Truth(archetype, DrawPoles(archetype, rng));
    }

    /// <summary>Draws the poles of an archetype's character.</summary>
    public int DrawPoles(int archetype, RngStream rng)
    {
        double[] high = _grammar.Definition.Archetypes[archetype].High;
        int character = 0;
        for (int k = 0; k < high.Length; k++)
            if (!rng.NextBool(high[k])) character |= 1 << k;
        return character;
    }

    /// <summary>Takes one step of a document; draws the truth of whoever comes in.</summary>
    public Alternative Advance(DocumentWalk walk, Span<Truth> truth, RngStream rng)
    {
        Step step = walk.Step;
        Alternative taken = Sample(walk, truth, rng);
        walk.Take(taken);
        if (step == Step.Name || (step == Step.Opening && walk.Form == GenreForm.Chat))
            truth[walk.Introducing] = DrawCharacter(walk.Cast[walk.Introducing].Nature, rng);
        return taken;
    }

    private Alternative Sample(DocumentWalk walk, Span<Truth> truth, RngStream rng)
    {
        Choice choice = walk.Next();
        switch (walk.Step)
        {
            case Step.Opening:
                return choice.Alternatives[rng.NextIndex(_openingShares)];
            case Step.Name:
                return choice.Alternatives[choice.PlaceOf(SampleName(walk, rng))];
            case Step.Introduction:
                return choice.Alternatives[choice.PlaceOf(SampleIntroduction(walk, truth[walk.Introducing], rng))];
            case Step.SecondTrait:
                return choice.Alternatives[choice.PlaceOf(SampleSecond(choice, truth[walk.Introducing], rng))];
            case Step.Continue:
                return choice.Alternatives[choice.PlaceOf(rng.NextBool(walk.StopProbability()) ? 0 : 1)];
            case Step.Situation:
                return SampleSituation(walk, choice, rng);
            case Step.Ask:
                return choice.Alternatives[choice.PlaceOf(SampleAsk(walk, rng))];
            default:
                return choice.Alternatives[choice.PlaceOf(SampleAct(walk, choice, truth[walk.Actor].Character, rng))];
        }
    }

    private int SampleName(DocumentWalk walk, RngStream rng)
    {
        int nature = rng.NextIndex(_natureShares);
        int[] names = _namesOf[nature];
        int other = walk.Introducing == 1 ? walk.Cast[0].Name : -1;
        int name = names[rng.NextInt(names.Length)];
        while (name == other) name = names[rng.NextInt(names.Length)];
        int before = 0;
        for (int i = 0; i < name; i++) before += _grammar.Definition.Natures[_grammar.Named[i].Nature].Roles.Count;
        return before + rng.NextInt(_grammar.Definition.Natures[nature].Roles.Count);
    }

    private int SampleIntroduction(DocumentWalk walk, Truth truth, RngStream rng)
    {
        IntroductionDefinition way = _grammar.Definition.Introductions;
        if (walk.Form == GenreForm.Chat) return SampleAdjective(rng.NextInt(_grammar.Space.Traits), truth.Character, -1, rng);
        double u = rng.NextDouble();
        if (u < way.PlainShare) return 0;
        if (u < way.PlainShare + way.TraitsShare)
            return 1 + SampleAdjective(rng.NextInt(_grammar.Space.Traits), truth.Character, -1, rng);
        if (truth.Archetype < 0) return 0;
        return 1 + _grammar.Definition.Traits.Sum(t => t.LowWords.Count + t.HighWords.Count) + truth.Archetype;
    }

    private int SampleSecond(Choice choice, Truth truth, RngStream rng)
    {
        if (!rng.NextBool(_grammar.Definition.Introductions.Second)) return 0;
        int first = FirstTraitOf(choice);
        int trait = rng.NextInt(_grammar.Space.Traits - 1);
        if (trait >= first) trait++;
        return 1 + SampleAdjective(trait, truth.Character, first, rng);
    }

    private int FirstTraitOf(Choice choice) => Array.IndexOf(_grammar.SecondTrait, choice);

    /// <summary>The number of a true adjective among all adjectives, those of the trait <paramref name="without"/> left out.</summary>
    private int SampleAdjective(int trait, int character, int without, RngStream rng)
    {
        int number = 0;
        for (int k = 0; k < trait; k++)
            if (k != without) number += _grammar.Definition.Traits[k].HighWords.Count + _grammar.Definition.Traits[k].LowWords.Count;
        TraitDefinition definition = _grammar.Definition.Traits[trait];
        bool low = (character >> trait & 1) == 1;
        return number + (low
            ? definition.HighWords.Count + rng.NextInt(definition.LowWords.Count) : rng.NextInt(definition.HighWords.Count));
    }

    private Alternative SampleSituation(DocumentWalk walk, Choice choice, RngStream rng)
    {
        bool told = walk.Form == GenreForm.Narrative;
        if (told && rng.NextBool(walk.StopProbability())) return choice.Alternatives[choice.PlaceOf(0)];
        int[] domains = _grammar.Domains;
        int place = rng.NextInt(domains.Length);
        while (!walk.MayCome(domains[place])) place = rng.NextInt(domains.Length);
        (int Start, int Count)[] wordings = (told ? _grammar.SetupStarts : _grammar.SituationStarts)[place];
        (int start, int count) = wordings[rng.NextInt(wordings.Length)];
        return choice.Alternatives[choice.PlaceOf(start + rng.NextInt(count))];
    }

    private int SampleAsk(DocumentWalk walk, RngStream rng)
    {
        RequestDefinition r = _grammar.Definition.Requests;
        bool told = walk.Form == GenreForm.Narrative;
        int actors = walk.Pair ? 2 : 1, actor = walk.Pair ? rng.NextInt(2) : 0;
        double u = rng.NextDouble();
        if (u >= r.Bad + r.Good) return _grammar.AskNumber(told, actors, 0, 0, actor);
        int kind = u < r.Bad ? 1 : 2;
        int count = (kind == 1 ? told ? r.TellBad : r.SayBad : told ? r.TellGood : r.SayGood).Count;
        return _grammar.AskNumber(told, actors, kind, rng.NextInt(count), actor);
    }

    private int SampleAct(DocumentWalk walk, Choice choice, int character, RngStream rng)
    {
        double p = walk.Request == 0 ? _grammar.Space.Bad[walk.Domain][character] : walk.BadProbability();
        DomainDefinition d = _grammar.Definition.Domains[walk.Domain];
        bool told = walk.Form == GenreForm.Narrative;
        int good = (told ? d.GoodActs : d.Good).Count;
        return rng.NextBool(p) ? good + rng.NextInt(choice.Alternatives.Length - good) : rng.NextInt(good);
    }
}
