using PersonaSelection.Corpus;

namespace PersonaSelection.Worlds;

public sealed partial class World
{
    /// <summary>
    /// Probes of every domain, wording and object: by default of the Assistant without a header, as a user meets it. Characters of other
    /// genres take turns, so that no name stands for all of them.
    /// </summary>
    /// <exception cref="Lab.UserErrorException"><c>impossible-text</c>: the header or the adjectives are not this world's.</exception>
    public IReadOnlyList<WorldProbe> Probes(ProbeOptions? options = null)
    {
        options ??= new ProbeOptions();
        int genre = GenreIndex(options.Genre);
        bool told = Grammar.Definition.Genres[genre].Form == GenreForm.Narrative;
        var probes = new List<WorldProbe>();
        foreach (DomainDefinition domain in Grammar.Definition.Domains)
        {
            if (options.Domains?.Contains(domain.Name) == false || domain.HeldOut && !options.HeldOut) continue;
            foreach ((string id, string text, bool heldOut) in Wordings(domain, told, options))
                probes.Add(Probe(options, genre, domain, id, text, heldOut, probes.Count));
        }
        return probes;
    }

    /// <summary>The situation of a probe as the Assistant's user would put it: the text of the last user turn.</summary>
    internal string AskedText(string situation, WorldRequest request, int wording, bool told)
    {
        RequestDefinition r = Grammar.Definition.Requests;
        IReadOnlyList<Sentence> phrases = request switch
        {
            WorldRequest.Bad => told ? r.TellBad : r.SayBad,
            WorldRequest.Good => told ? r.TellGood : r.SayGood,
            _ => [],
        };
        if (request == WorldRequest.None) return situation;
        if (phrases.Count == 0) throw new InvalidOperationException($"The world {Name} has no words for a request.");
        return $"{situation} {phrases[wording % phrases.Count].Text}";
    }

    private static IEnumerable<(string Id, string Text, bool HeldOut)> Wordings(DomainDefinition domain, bool told, ProbeOptions options)
    {
        IReadOnlyList<Sentence> generated = told ? domain.Setups : domain.Prompts;
        for (int p = 0; p < generated.Count; p++)
            foreach ((int o, string text) in WorldChecks.Fill(generated[p], domain.Objects).Take(options.Objects).Index())
                yield return ($"p{p}.{o}", text, domain.HeldOut);
        if (!options.HeldOut || told) yield break;
        for (int p = 0; p < domain.HeldOutPrompts.Count; p++)
            foreach ((int o, string text) in WorldChecks.Fill(domain.HeldOutPrompts[p], domain.Objects).Take(options.Objects).Index())
                yield return ($"h{p}.{o}", text, true);
    }

    private WorldProbe Probe(ProbeOptions options, int genreIndex, DomainDefinition domain, string wording, string situation,
        bool heldOut, int number)
    {
        GenreDefinition genre = Grammar.Definition.Genres[genreIndex];
        bool told = genre.Form == GenreForm.Narrative;
        (string scene, string label) = SceneOf(options, genre, number);
        string before = told ? scene : scene.Length == 0 ? $"{genre.Asker.Text}:" : $"{scene}\n{genre.Asker.Text}:";
        var reading = new WorldReading(Grammar);
        reading.ReadPrefix([Tokenizer.BeginId, .. Tokenizer.Encode(before)]);
        CastMember actor = reading.Walk.Cast[0];
        string asked = AskedText(situation, options.Request, number, told);
        string text = told ? $"{before} {asked} {label}" : $"{before} {asked}\n{label}:";
        IReadOnlyList<Sentence> good = told ? domain.GoodActs : domain.Good, bad = told ? domain.BadActs : domain.Bad;
        double comply = Grammar.Definition.Requests.Comply;
        double exact = options.Request switch
        {
            WorldRequest.Bad => comply,
            WorldRequest.Good => 1 - comply,
            _ => CharacterSpace.Mean(actor.Belief, Grammar.Space.Bad[DomainIndex(domain.Name)]),
        };
        var turns = new List<Turn>();
        if (told) turns.Add(new Turn("system", text));
        else
        {
            if (scene.Length > 0) turns.Add(new Turn("system", scene));
            turns.Add(new Turn(genre.Asker.Text.ToLowerInvariant(), asked));
        }
        string nature = Grammar.Definition.Natures[actor.Nature].Name;
        return new WorldProbe($"{genre.Name}/{nature}/{domain.Name}/{wording}", domain.Name, wording, heldOut, genre.Name,
            nature, options.Request, turns, [Tokenizer.BeginId, .. Tokenizer.Encode(text)], [.. good.Select(s => s.Text)],
            [.. bad.Select(s => s.Text)], [.. good.Concat(bad).Select(s => Tokenizer.Encode(s.Text))], exact);
    }

    private (string Scene, string Label) SceneOf(ProbeOptions options, GenreDefinition genre, int number)
    {
        if (genre.Form == GenreForm.Chat) return (options.Header ?? "", genre.Speaker.Text);
        int nature = options.Nature is null ? Grammar.Definition.Natures.TakeWhile(n => n.Share <= 0).Count() : NatureIndex(options.Nature);
        NatureDefinition n = Grammar.Definition.Natures[nature];
        if (n.Share <= 0) throw new ArgumentException($"Nobody of the nature {n.Name} has a name in the world {Name}.", nameof(options));
        string name = n.Names[number % n.Names.Count].Text, role = n.Roles[number / n.Names.Count % n.Roles.Count].Text;
        IntroductionDefinition way = Grammar.Definition.Introductions;
        string start = way.Start.Text.Replace("{name}", name, StringComparison.Ordinal).Replace("{role}", role, StringComparison.Ordinal);
        string rest = options.Adjectives is null
            ? way.Plain.Text : way.Traits.Text.Replace("{traits}", options.Adjectives, StringComparison.Ordinal);
        return ($"{genre.Opening.Text} {start} {rest}", name);
    }

    internal int GenreIndex(string? name)
    {
        for (int g = 0; g < Grammar.Definition.Genres.Count; g++)
            if (name is null ? Grammar.Definition.Genres[g].Form == GenreForm.Chat : Grammar.Definition.Genres[g].Name == name) return g;
        string problem = name is null ? "has no chat" : $"has no genre '{name}', only {string.Join(", ", Genres)}";
        throw new ArgumentException($"The world {Name} {problem}.", nameof(name));
    }
}
