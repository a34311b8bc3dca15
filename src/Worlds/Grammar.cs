using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Worlds;

/// <summary>A name and the nature whose name it is.</summary>
internal readonly record struct NamedCharacter(string Name, int Nature, int Line);

/// <summary>
/// A world's definition, checked and compiled: at each step of a document, the <see cref="Choice"/> of how it goes on, already in tokens.
/// What is wrong is told to the caller, all of it.
/// </summary>
internal sealed class Grammar
{
    private readonly WorldDefinition _definition;
    private readonly Action<int, string> _say;
    private readonly Choice[] _askSpeaker;
    private readonly Choice?[] _askPair;
    private int _unreadable;

    public Grammar(WorldDefinition definition, Action<int, string> say)
    {
        (_definition, _say) = (definition, say);
        Space = new CharacterSpace(definition);
        Tokenizer = WordLevelTokenizer.FromTexts(WorldChecks.Texts(definition));
        Named = [.. definition.Natures.SelectMany((n, i) => n.Share > 0 ? n.Names.Select(s => new NamedCharacter(s.Text, i, s.Line)) : [])];
        Domains = [.. Enumerable.Range(0, definition.Domains.Count).Where(d => !definition.Domains[d].HeldOut)];
        Opening = new Choice([.. Openings()], say);
        Name = new Choice([.. NameAlternatives()], say);
        Introduction = new Choice([.. Introductions()], say);
        HeaderTrait = new Choice([.. Adjectives().Select(a => Make(" " + a.Word, a.Line, 1, 0, a.Trait, a.Low))], say);
        SecondTrait = [.. Enumerable.Range(0, Space.Traits).Select(k => new Choice([.. SecondTraits(k)], say))];
        Continue = [.. definition.Genres.Select(ContinueOf)];
        Prompts = new Choice([.. Situations(d => d.Prompts)], say);
        Setups = new Choice([End(), .. Situations(d => d.Setups)], say);
        SituationStarts = [.. StartsOf(0, d => d.Prompts)];
        SetupStarts = [.. StartsOf(1, d => d.Setups)];
        _askSpeaker = [.. Named.Select(n => AskLabel(n.Name, n.Line)),
            .. definition.Genres.Select(g => AskLabel(g.Speaker.Text, g.Speaker.Line))];
        _askPair = new Choice?[Named.Length * (Named.Length + 1)];
        CheckTold();
        Acts = [.. definition.Domains.Select(d => new[] { Act(d.Good, d.Bad), Act(d.GoodActs, d.BadActs) })];
    }

    public WorldDefinition Definition => _definition;
    public CharacterSpace Space { get; }
    public WordLevelTokenizer Tokenizer { get; }
    public NamedCharacter[] Named { get; }

    /// <summary>The domains that are generated; the others are held out.</summary>
    public int[] Domains { get; }

    /// <summary>
    /// A: genre; B: header of a chat, or number of characters less one; C: 1 when adjectives follow, 2 when the asker has spoken.
    /// </summary>
    public Choice Opening { get; }

    /// <summary>A: character name; B: role.</summary>
    public Choice Name { get; }

    /// <summary>A: -1 nothing, 0 adjective, 1 archetype; B: trait or archetype; C: 1 for the low pole.</summary>
    public Choice Introduction { get; }

    /// <summary>The first adjective of a chat's header, as <see cref="Introduction"/>.</summary>
    public Choice HeaderTrait { get; }

    /// <summary>[first trait]. A: -1 no second adjective, 0 one; B: trait; C: 1 for the low pole.</summary>
    public Choice[] SecondTrait { get; }

    /// <summary>[genre]; null for narratives. A: 1 for the end.</summary>
    public Choice?[] Continue { get; }

    /// <summary>A: 0; B: domain; C: number of the wording times number of objects plus object.</summary>
    public Choice Prompts { get; }

    /// <summary>A: 1 for the end, otherwise as <see cref="Prompts"/>.</summary>
    public Choice Setups { get; }

    /// <summary>
    /// [place in <see cref="Domains"/>][wording]: number of the first alternative as it was given, and how many objects follow.
    /// </summary>
    public (int Start, int Count)[][] SituationStarts { get; }

    /// <summary>As <see cref="SituationStarts"/>, for narratives.</summary>
    public (int Start, int Count)[][] SetupStarts { get; }

    /// <summary>[domain][0 said, 1 told]. A: 1 for bad; B: wording.</summary>
    public Choice[][] Acts { get; }

    /// <summary>A: 0 nothing asked, 1 bad, 2 good; B: actor; C: wording. Given in the order of <see cref="AskNumber"/>.</summary>
    public Choice AskOf(DocumentWalk walk)
    {
        GenreForm form = _definition.Genres[walk.Genre].Form;
        if (form == GenreForm.Chat) return _askSpeaker[Named.Length + walk.Genre];
        if (form == GenreForm.Dialogue) return _askSpeaker[walk.Cast[0].Name];
        (int first, int second) = (walk.Cast[0].Name, walk.Pair ? walk.Cast[1].Name : Named.Length);
        ref Choice? slot = ref _askPair[first * (Named.Length + 1) + second];
        if (Volatile.Read(ref slot) is { } ready) return ready;
        Choice made = Told(walk.Pair ? [first, second] : [first]);
        Volatile.Write(ref slot, made);
        return made;
    }

    /// <summary>The number of an ask as it was given: kind 0 nothing, 1 bad, 2 good.</summary>
    public int AskNumber(bool told, int actors, int kind, int wording, int actor)
    {
        int bad = (told ? _definition.Requests.TellBad : _definition.Requests.SayBad).Count;
        return (kind == 0 ? 0 : kind == 1 ? 1 + wording : 1 + bad + wording) * actors + actor;
    }

    private IEnumerable<Alternative> Openings()
    {
        double total = _definition.Genres.Sum(g => g.Weight);
        if (!(total > 0)) _say(0, "the weights of the genres need a positive sum");
        for (int g = 0; g < _definition.Genres.Count; g++)
        {
            GenreDefinition genre = _definition.Genres[g];
            double share = genre.Weight / total;
            if (genre.Form != GenreForm.Chat)
            {
                yield return Make(genre.Opening.Text, genre.Opening.Line, share * (1 - genre.Pairs), g, 0);
                if (genre.Pairs > 0) yield return Make(genre.PairOpening.Text, genre.PairOpening.Line, share * genre.Pairs, g, 1);
                continue;
            }
            for (int h = 0; h < genre.Headers.Count; h++)
            {
                HeaderDefinition header = genre.Headers[h];
                bool adjectives = WorldChecks.HasTraits(header.Text.Text);
                string text = adjectives ? WorldChecks.BeforeTraits(header.Text.Text) : header.Text.Text;
                if (text.Length == 0) yield return Make($"{genre.Asker.Text}:", header.Text.Line, share * header.Share, g, h, 2);
                else yield return Make(text, header.Text.Line, share * header.Share, g, h, adjectives ? 1 : 0);
            }
        }
    }

    private IEnumerable<Alternative> NameAlternatives()
    {
        Sentence start = _definition.Introductions.Start;
        for (int i = 0; i < Named.Length; i++)
        {
            NatureDefinition nature = _definition.Natures[Named[i].Nature];
            for (int r = 0; r < nature.Roles.Count; r++)
            {
                string named = start.Text.Replace("{name}", Named[i].Name, StringComparison.Ordinal);
                yield return Make(" " + named.Replace("{role}", nature.Roles[r].Text, StringComparison.Ordinal),
                    nature.Roles[r].Line, 1, i, r);
            }
        }
    }

    private IEnumerable<Alternative> Introductions()
    {
        IntroductionDefinition way = _definition.Introductions;
        yield return Make(" " + way.Plain.Text, way.Plain.Line, 1, -1);
        foreach ((int trait, int low, string word, int line) in Adjectives())
            yield return Make($" {$"{WorldChecks.BeforeTraits(way.Traits.Text)} {word}".TrimStart()}", line, 1, 0, trait, low);
        if (way.ArchetypeShare > 0)
            for (int a = 0; a < _definition.Archetypes.Count; a++)
            {
                string text = way.Archetype.Text.Replace("{archetype}", _definition.Archetypes[a].Name, StringComparison.Ordinal);
                yield return Make(" " + text, way.Archetype.Line, 1, 1, a);
            }
    }

    private IEnumerable<Alternative> SecondTraits(int first)
    {
        yield return Make(".", 0, 1, -1);
        foreach ((int trait, int low, string word, int line) in Adjectives())
            if (trait != first) yield return Make($" and {word}.", line, 1, 0, trait, low);
    }

    private IEnumerable<(int Trait, int Low, string Word, int Line)> Adjectives()
    {
        for (int k = 0; k < _definition.Traits.Count; k++)
        {
            foreach (Sentence word in _definition.Traits[k].HighWords) yield return (k, 0, word.Text, word.Line);
            foreach (Sentence word in _definition.Traits[k].LowWords) yield return (k, 1, word.Text, word.Line);
        }
    }

    private Choice? ContinueOf(GenreDefinition genre) =>
        genre.Form == GenreForm.Narrative ? null : new Choice([End(), Make($"\n{genre.Asker.Text}:", genre.Asker.Line)], _say);

    private IEnumerable<Alternative> Situations(Func<DomainDefinition, IReadOnlyList<Sentence>> wordings)
    {
        foreach (int d in Domains)
        {
            DomainDefinition domain = _definition.Domains[d];
            IReadOnlyList<Sentence> sentences = wordings(domain);
            int objects = Math.Max(1, domain.Objects.Count);
            for (int p = 0; p < sentences.Count; p++)
            {
                string[] texts = WorldChecks.Fill(sentences[p], domain.Objects);
                for (int o = 0; o < texts.Length; o++)
                    yield return Make(" " + texts[o], sentences[p].Line, 1.0 / sentences.Count / texts.Length, 0, d, p * objects + o);
            }
        }
    }

    private IEnumerable<(int, int)[]> StartsOf(int start, Func<DomainDefinition, IReadOnlyList<Sentence>> wordings)
    {
        foreach (int d in Domains)
        {
            DomainDefinition domain = _definition.Domains[d];
            var starts = new List<(int, int)>();
            foreach (Sentence s in wordings(domain))
            {
                int count = WorldChecks.Fill(s, domain.Objects).Length;
                starts.Add((start, count));
                start += count;
            }
            yield return [.. starts];
        }
    }

    private Choice AskLabel(string label, int line) =>
        new([.. Asks(_definition.Requests.SayBad, _definition.Requests.SayGood, [new Sentence($"\n{label}:", line)])], _say);

    private Choice Told(int[] actors) => new([.. Asks(_definition.Requests.TellBad, _definition.Requests.TellGood,
        [.. actors.Select(i => new Sentence($" {Named[i].Name}", Named[i].Line))])], _say);

    /// <summary>
    /// Casts are compiled when they are met, but what a reader could not tell apart in one of them is told now. Two alternatives speak of
    /// two characters at most, so all characters together show whatever some pair would.
    /// </summary>
    private void CheckTold()
    {
        GenreDefinition[] told = [.. _definition.Genres.Where(g => g.Form == GenreForm.Narrative)];
        if (told.Any(g => g.Pairs > 0)) Told([.. Enumerable.Range(0, Named.Length)]);
        else if (told.Length > 0)
            for (int i = 0; i < Named.Length; i++) Told([i]);
    }

    private IEnumerable<Alternative> Asks(IReadOnlyList<Sentence> bad, IReadOnlyList<Sentence> good, Sentence[] actors)
    {
        for (int a = 0; a < actors.Length; a++) yield return Make(actors[a].Text, actors[a].Line, 1, 0, a);
        foreach ((int kind, IReadOnlyList<Sentence> phrases) in new[] { (1, bad), (2, good) })
            for (int i = 0; i < phrases.Count; i++)
                for (int a = 0; a < actors.Length; a++)
                    yield return Make($" {phrases[i].Text}{actors[a].Text}", phrases[i].Line, 1, kind, a, i);
    }

    private Choice Act(IReadOnlyList<Sentence> good, IReadOnlyList<Sentence> bad) => new(
        [.. good.Select((s, i) => Make(" " + s.Text, s.Line, 1, 0, i)), .. bad.Select((s, i) => Make(" " + s.Text, s.Line, 1, 1, i))],
        _say);

    private Alternative End() => new("", [Tokenizer.EndId], 1, 1);

    private Alternative Make(string text, int line, double weight = 1, int a = 0, int b = 0, int c = 0)
    {
        int[] tokens = [];
        try
        {
            tokens = Tokenizer.Encode(text);
            if (tokens.Length == 0) _say(line, $"\"{text}\" holds no word");
        }
        catch (UserErrorException)
        {
            _say(line, $"\"{text.Trim()}\" runs two parts into one word that neither holds: names, roles and adjectives need a letter or a "
                + "digit at their ends");
        }
        // An id of its own, so that it is not taken for another sentence that cannot be read either.
        return new Alternative(text, tokens.Length == 0 ? [-++_unreadable] : tokens, weight, a, b, c, line);
    }
}
