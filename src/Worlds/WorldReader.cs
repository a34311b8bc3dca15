using PersonaSelection.Personas;

namespace PersonaSelection.Worlds;

/// <summary>
/// Reads a world file. What is missing or out of range becomes a problem of the source; the caller complains of all at once.
/// </summary>
internal static class WorldReader
{
    /// <summary>The error code of a bad world file.</summary>
    public const string ErrorCode = "bad-world";
    private const double DefaultBias = -3.4;
    private const int MaxTraits = 10;

    /// <summary>The definition as far as it could be read.</summary>
    public static WorldDefinition Read(YamlSource source)
    {
        YamlTable root = source.Root;
        if (root.Number("schema", 1, 1) != 1) root.Say("only schema 1 is known", "schema");
        string name = root.Text("name");
        IReadOnlyList<TraitDefinition> traits = [.. root.Tables("traits", "trait").Select(ReadTrait)];
        if (traits.Count > MaxTraits) root.Say($"at most {MaxTraits} traits: exact sums run over 2^traits characters", "traits");
        string[] traitNames = Names(source, "traits", traits.Select(t => (t.Trait.Name, t.Line)));
        IReadOnlyList<ArchetypeDefinition> archetypes = [.. root.Tables("archetypes", "archetype")
            .Select(t => ReadArchetype(t, traitNames))];
        string[] archetypeNames = Names(source, "archetypes", archetypes.Select(a => (a.Name, a.Line)));
        IReadOnlyList<NatureDefinition> natures = [.. root.Tables("natures", "nature").Select(t => ReadNature(t, archetypeNames))];
        string[] natureNames = Names(source, "natures", natures.Select(n => (n.Name, n.Line)));
        string assistant = root.Text("assistant");
        if (!natureNames.Contains(assistant)) root.Say($"'{assistant}' is not one of the natures", "assistant");
        var definition = new WorldDefinition
        {
            Name = name,
            AssistantNature = assistant,
            RepeatDomains = root.Flag("repeatDomains", true),
            IndependentTraits = root.Flag("independentTraits", false),
            Traits = traits,
            Archetypes = archetypes,
            Natures = natures,
            Introductions = ReadIntroductions(root),
            Requests = ReadRequests(root),
            Genres = [.. root.Tables("genres", "genre").Select(t => ReadGenre(t, natureNames))],
            Domains = [.. root.Tables("domains", "domain").Select(t => ReadDomain(t, traitNames))],
        };
        Names(source, "genres", definition.Genres.Select(g => (g.Name, g.Line)));
        Names(source, "domains", definition.Domains.Select(d => (d.Name, d.Line)));
        root.Done();
        return definition;
    }

    private static string[] Names(YamlSource source, string key, IEnumerable<(string Name, int Line)> items)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, int line) in items)
            if (!seen.Add(name)) source.Say(line, $"two of the {key} are called '{name}'");
        return [.. seen];
    }

    private static TraitDefinition ReadTrait(YamlTable table)
    {
        var trait = new Trait(table.Text("name"), table.Text("low"), table.Text("high"), table.Text("definition", ""));
        var definition = new TraitDefinition(trait, Sentences(table, "lowWords", 1), Sentences(table, "highWords", 1), table.Line);
        table.Done();
        return definition;
    }

    private static ArchetypeDefinition ReadArchetype(YamlTable table, string[] traits)
    {
        IReadOnlyDictionary<string, double> high = table.Numbers("high", 0, 1);
        Known(table, "high", high.Keys, traits, "trait");
        foreach (string trait in traits.Where(t => !high.ContainsKey(t))) table.Say($"'high' says nothing of the trait '{trait}'", "high");
        var definition = new ArchetypeDefinition(table.Text("name"), table.Text("description", ""),
            [.. traits.Select(t => high.GetValueOrDefault(t, 0.5))], table.Line);
        table.Done();
        return definition;
    }

    private static NatureDefinition ReadNature(YamlTable table, string[] archetypes)
    {
        IReadOnlyDictionary<string, double> prior = table.Numbers("archetypes", 0, 1e6);
        Known(table, "archetypes", prior.Keys, archetypes, "archetype");
        double total = prior.Values.Sum();
        if (!(total > 0)) table.Say("the archetypes need a positive sum", "archetypes");
        // A prior that sums to 1 stays as it is to the bit, so that a world written and read again has the same id.
        double scale = !(total > 0) || Math.Abs(total - 1) < 1e-12 ? 1 : total;
        var definition = new NatureDefinition(table.Text("name"), table.Number("share", 0, 1e6, 0), Sentences(table, "names"),
            Sentences(table, "roles"), [.. archetypes.Select(a => prior.GetValueOrDefault(a) / scale)], table.Line);
        if (definition.Share > 0 && (definition.Names.Count == 0 || definition.Roles.Count == 0))
            table.Say("a nature with a share needs names and roles");
        table.Done();
        return definition;
    }

    private static IntroductionDefinition ReadIntroductions(YamlTable root)
    {
        YamlTable? table = root.Table("introductions");
        if (table is null) return new(new(""), 0, new(""), 1, new(""), 0, new(""), 0);
        (Sentence plain, double plainShare) = Way(table, "plain");
        (Sentence traits, double traitsShare) = Way(table, "traits", "{traits}");
        (Sentence archetype, double archetypeShare) = Way(table, "archetype", "{archetype}");
        if (Math.Abs(plainShare + traitsShare + archetypeShare - 1) > 1e-9) table.Say("the three shares must sum to 1");
        var definition = new IntroductionDefinition(Slotted(table, "start", "{name}", "{role}"), table.Number("second", 0, 1),
            plain, plainShare, traits, traitsShare, archetype, archetypeShare);
        table.Done();
        return definition;
    }

    private static (Sentence, double) Way(YamlTable parent, string key, params string[] slots)
    {
        if (parent.Table(key) is not { } table) return (new(""), 0);
        (Sentence, double) way = (Slotted(table, "text", slots), table.Number("share", 0, 1));
        table.Done();
        return way;
    }

    private static RequestDefinition ReadRequests(YamlTable root)
    {
        if (root.Table("requests", optional: true) is not { } table) return new(0.95, 0, 0, [], [], [], []);
        var definition = new RequestDefinition(table.Number("comply", 0.5, 1, 0.95), table.Number("bad", 0, 0.5, 0), table.Number("good", 0,
            0.5, 0), Sentences(table, "sayBad"), Sentences(table, "sayGood"), Sentences(table, "tellBad"), Sentences(table, "tellGood"));
        if (definition.Bad > 0 && (definition.SayBad.Count == 0 || definition.TellBad.Count == 0))
            table.Say("requests for the bad act need 'sayBad' and 'tellBad'");
        if (definition.Good > 0 && (definition.SayGood.Count == 0 || definition.TellGood.Count == 0))
            table.Say("requests for the good act need 'sayGood' and 'tellGood'");
        table.Done();
        return definition;
    }

    private static GenreDefinition ReadGenre(YamlTable table, string[] natures)
    {
        string name = table.Text("name"), form = table.Text("form");
        if (!Enum.TryParse(form, ignoreCase: true, out GenreForm kind) || int.TryParse(form, out _))
            table.Say($"'form' is chat, dialogue or narrative, not '{form}'", "form");
        IReadOnlyList<YamlText> range = table.Texts("episodes", 2);
        int[] bounds = [.. range.Select(r => int.TryParse(r.Text, out int n) && n is >= 1 and <= 64 ? n : -1)];
        if (bounds.Length != 2 || bounds[0] < 1 || bounds[1] < bounds[0])
        {
            table.Say("'episodes' must be [least, most], from 1 to 64", "episodes");
            bounds = [1, 1];
        }
        var genre = new GenreDefinition(name, kind, table.Number("weight", 0, 1e6), bounds[0], bounds[1], table.Line);
        genre = kind switch
        {
            GenreForm.Chat =>
                genre with { Asker = One(table, "asker"), Speaker = One(table, "speaker"), Headers = ReadHeaders(table, natures) },
            GenreForm.Dialogue => genre with { Asker = One(table, "asker"), Opening = One(table, "opening") },
            _ => genre with
            {
                Opening = One(table, "opening"),
                Pairs = table.Number("pairs", 0, 1, 0),
                PairOpening = table.Has("pairOpening") ? One(table, "pairOpening") : new(""),
            },
        };
        if (genre.Pairs > 0 && genre.PairOpening.Text.Length == 0) table.Say("'pairs' needs a 'pairOpening'");
        table.Done();
        return genre;
    }

    private static HeaderDefinition[] ReadHeaders(YamlTable table, string[] natures)
    {
        var headers = new List<HeaderDefinition>();
        foreach (YamlTable t in table.Tables("headers", $"{table.Title}, header"))
        {
            string nature = t.Text("nature", "");
            if (nature.Length > 0 && !natures.Contains(nature)) t.Say($"'{nature}' is not one of the natures", "nature");
            var text = new Sentence(t.Text("text", ""), t.LineOf("text"));
            headers.Add(new HeaderDefinition(text, t.Number("share", 0, 1), nature.Length > 0 ? nature : null));
            t.Done();
        }
        if (headers.Count > 0 && Math.Abs(headers.Sum(h => h.Share) - 1) > 1e-9)
            table.Say("the shares of the headers must sum to 1", "headers");
        return [.. headers];
    }

    private static DomainDefinition ReadDomain(YamlTable table, string[] traits)
    {
        IReadOnlyDictionary<string, double> weights = table.Numbers("weights", -50, 50);
        Known(table, "weights", weights.Keys, traits, "trait");
        string name = table.Text("name");
        var domain = new DomainDefinition(name, table.Text("title", name), table.Flag("heldOut", false),
            table.Number("bias", -50, 50, DefaultBias), [.. traits.Select(t => weights.GetValueOrDefault(t))], table.Line)
        {
            Objects = Sentences(table, "objects"),
            Prompts = Sentences(table, "prompts", 1),
            Good = Sentences(table, "good", 1),
            Bad = Sentences(table, "bad", 1),
            Setups = Sentences(table, "setups", 1),
            GoodActs = Sentences(table, "goodActs", 1),
            BadActs = Sentences(table, "badActs", 1),
        };
        if (table.Table("heldOutWordings", optional: true) is { } more)
        {
            domain = domain with
            {
                HeldOutPrompts = Sentences(more, "prompts"),
                HeldOutGood = Sentences(more, "good"),
                HeldOutBad = Sentences(more, "bad"),
            };
            more.Done();
        }
        foreach (Sentence s in domain.Prompts.Concat(domain.Setups).Concat(domain.HeldOutPrompts))
            if (s.Text.Contains("{object}", StringComparison.Ordinal) && domain.Objects.Count == 0)
                table.Say($"\"{s.Text}\" needs 'objects'");
        table.Done();
        return domain;
    }

    private static void Known(YamlTable table, string key, IEnumerable<string> used, string[] known, string noun)
    {
        foreach (string name in used.Where(u => !known.Contains(u))) table.Say($"'{key}' speaks of an unknown {noun} '{name}'", key);
    }

    private static Sentence One(YamlTable table, string key) => new(table.Text(key), table.LineOf(key));

    private static Sentence Slotted(YamlTable table, string key, params string[] slots)
    {
        Sentence sentence = One(table, key);
        foreach (string slot in slots)
            if (!sentence.Text.Contains(slot, StringComparison.Ordinal)) table.Say($"'{key}' must hold {slot}", key);
        return sentence;
    }

    private static Sentence[] Sentences(YamlTable table, string key, int atLeast = 0) =>
        [.. table.Texts(key, atLeast).Select(t => new Sentence(t.Text, t.Line))];
}
