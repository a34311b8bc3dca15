using PersonaSelection.Corpus;

namespace PersonaSelection.Worlds;

/// <summary>What a definition must keep beyond its shape, and how its sentences are filled in.</summary>
internal static class WorldChecks
{
    private const string TraitsSlot = "{traits}";
    private const string ObjectSlot = "{object}";

    /// <summary>Whether adjectives stand in the sentence.</summary>
    public static bool HasTraits(string text) => text.Contains(TraitsSlot, StringComparison.Ordinal);

    /// <summary>What stands before the adjectives.</summary>
    public static string BeforeTraits(string text) =>
        HasTraits(text) ? text[..text.IndexOf(TraitsSlot, StringComparison.Ordinal)].TrimEnd() : text;

    /// <summary>The sentence once per object, or once where it has no slot.</summary>
    public static string[] Fill(Sentence sentence, IReadOnlyList<Sentence> objects) =>
        sentence.Text.Contains(ObjectSlot, StringComparison.Ordinal)
            ? [.. objects.Select(o => sentence.Text.Replace(ObjectSlot, o.Text, StringComparison.Ordinal))]
            : [sentence.Text];

    /// <summary>Every text of the world, held-out ones included: the words of its tokenizer.</summary>
    public static IEnumerable<string> Texts(WorldDefinition d) => Generated(d).Concat(HeldOut(d).Select(s => s.Text));

    /// <summary>Tells of everything that a world may not have.</summary>
    public static void Check(WorldDefinition d, Action<int, string> say)
    {
        if (!d.Domains.Any(x => !x.HeldOut)) say(0, "every domain is held out: nothing can be generated");
        if (d.Domains.Count > 64) say(0, "at most 64 domains");
        CheckCast(d, say);
        CheckChat(d, say);
        CheckSlots(d, say);
        foreach (GenreDefinition g in d.Genres)
        {
            if (!d.RepeatDomains && g.MaxEpisodes > d.Domains.Count(x => !x.HeldOut))
                say(g.Line, $"genre {g.Name}: without repeatDomains a document cannot have more episodes than there are domains");
        }
        CheckHeldOutWords(d, say);
        CheckHeldOutSituations(d, say);
    }

    private static void CheckCast(WorldDefinition d, Action<int, string> say)
    {
        var owner = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (NatureDefinition nature in d.Natures.Where(n => n.Share > 0))
            foreach (Sentence name in nature.Names)
                if (!owner.TryAdd(name.Text, nature.Name)) say(name.Line, $"two characters are called {name.Text}: a name tells who acts");
        bool named = d.Genres.Any(g => g.Form != GenreForm.Chat && g.Weight > 0);
        if (named && owner.Count == 0) say(0, "dialogues and narratives need a nature with a share, names and roles");
        if (d.Genres.Any(g => g.Pairs > 0) && owner.Count < 2) say(0, "documents of two characters need two names");
        foreach (NatureDefinition nature in d.Natures.Where(n => n.Share > 0))
            if (d.Genres.Any(g => g.Pairs > 0) && nature.Names.Count == 1)
                say(nature.Line, $"nature {nature.Name}: pairs need two names of each nature");
    }

    /// <summary>The Assistant is asked in the first chat, under no header, and by the labels that the template of a model writes.</summary>
    private static void CheckChat(WorldDefinition d, Action<int, string> say)
    {
        if (d.Genres.FirstOrDefault(g => g.Form == GenreForm.Chat) is not { } chat)
        {
            say(0, "no genre is a chat: nobody could ask the Assistant");
            return;
        }
        if (!(chat.Weight > 0)) say(chat.Line, $"genre {chat.Name}: the first chat needs a weight above 0: the Assistant is asked in it");
        if (!IsLabel(chat.Asker, "User") || !IsLabel(chat.Speaker, "Assistant"))
            say(chat.Line, $"genre {chat.Name}: the asker of the first chat must be User and its speaker Assistant: so models are asked");
        HeaderDefinition[] none = [.. chat.Headers.Where(h => h.Text.Text.Length == 0 && h.Share > 0)];
        if (none.Length == 0)
            say(chat.Line, $"genre {chat.Name}: a header of the first chat needs an empty text and a share: probes have no header");
        foreach (HeaderDefinition header in none)
            if (header.Nature is { } nature && nature != d.AssistantNature)
                say(chat.Line, $"genre {chat.Name}: where no header says otherwise the Assistant is of the nature {d.AssistantNature}, "
                    + $"not {nature}");
    }

    private static bool IsLabel(Sentence label, string name) => string.Equals(label.Text.Trim(), name, StringComparison.OrdinalIgnoreCase);

    private static void CheckSlots(WorldDefinition d, Action<int, string> say)
    {
        if (d.Traits.Count == 1 && d.Introductions.Second > 0)
            say(d.Introductions.Start.Line, "'second' must be 0 in a world of one trait: a second adjective tells of another trait");
        foreach (Sentence s in d.Genres.SelectMany(g => g.Headers).Select(h => h.Text))
            if (HasTraits(s.Text) && BeforeTraits(s.Text).Length == 0)
                say(s.Line, $"\"{s.Text}\": a header needs words before {TraitsSlot}");
        foreach (Sentence s in d.Genres.SelectMany(g => g.Headers).Select(h => h.Text).Append(d.Introductions.Traits))
            if (HasTraits(s.Text) && !s.Text.EndsWith(TraitsSlot + ".", StringComparison.Ordinal))
                say(s.Line, $"\"{s.Text}\": {TraitsSlot} must stand at the end, before the full stop");
        foreach (DomainDefinition domain in d.Domains)
            foreach (Sentence s in Sentences(domain))
            {
                string rest = s.Text.Replace(ObjectSlot, "", StringComparison.Ordinal);
                if (s.Text.Length - rest.Length > ObjectSlot.Length) say(s.Line, $"\"{s.Text}\": {ObjectSlot} may stand once");
                if (rest.AsSpan().ContainsAny('{', '}')) say(s.Line, $"\"{s.Text}\": the only slot here is {ObjectSlot}");
                if (rest.Length < s.Text.Length && !domain.Prompts.Contains(s) && !domain.Setups.Contains(s)
                    && !domain.HeldOutPrompts.Contains(s))
                    say(s.Line, $"\"{s.Text}\": {ObjectSlot} may stand in prompts and setups only");
            }
    }

    private static void CheckHeldOutWords(WorldDefinition d, Action<int, string> say)
    {
        WordLevelTokenizer known = WordLevelTokenizer.FromTexts(Generated(d));
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (Sentence s in HeldOut(d))
            foreach (string word in WordLevelTokenizer.FromTexts([s.Text]).Words)
                if (known.Find(word) is null && told.Add(word))
                    say(s.Line, $"\"{s.Text}\" is held out, but the word \"{word}\" occurs nowhere else: no model could know it");
    }

    private static void CheckHeldOutSituations(WorldDefinition d, Action<int, string> say)
    {
        WordLevelTokenizer tokenizer = WordLevelTokenizer.FromTexts(Texts(d));
        string Words(string text) => string.Join(' ', tokenizer.Encode(text));
        HashSet<string> Generated(Func<DomainDefinition, IReadOnlyList<Sentence>> of) => [.. d.Domains.Where(x => !x.HeldOut)
            .SelectMany(x => of(x).SelectMany(s => Fill(s, x.Objects))).Select(Words)];
        void Compare(DomainDefinition x, IEnumerable<Sentence> heldOut, HashSet<string> generated)
        {
            foreach (Sentence s in heldOut)
                if (Fill(s, x.Objects).FirstOrDefault(t => generated.Contains(Words(t))) is { } same)
                    say(s.Line, $"\"{same}\" is held out, but generated documents hold it as well");
        }
        (HashSet<string> said, HashSet<string> told) = (Generated(x => x.Prompts), Generated(x => x.Setups));
        foreach (DomainDefinition x in d.Domains)
        {
            Compare(x, x.HeldOut ? x.HeldOutPrompts.Concat(x.Prompts) : x.HeldOutPrompts, said);
            Compare(x, x.HeldOut ? x.Setups : [], told);
        }
    }

    private static IEnumerable<Sentence> Sentences(DomainDefinition x) =>
        x.Prompts.Concat(x.Setups).Concat(x.Good).Concat(x.Bad).Concat(x.GoodActs).Concat(x.BadActs)
            .Concat(x.HeldOutPrompts).Concat(x.HeldOutGood).Concat(x.HeldOutBad);

    private static IEnumerable<string> Generated(WorldDefinition d)
    {
        yield return ". : and";
        IntroductionDefinition i = d.Introductions;
        yield return i.Start.Text.Replace("{name}", "", StringComparison.Ordinal).Replace("{role}", "", StringComparison.Ordinal);
        yield return i.Plain.Text;
        yield return i.Traits.Text.Replace(TraitsSlot, "", StringComparison.Ordinal);
        yield return i.Archetype.Text.Replace("{archetype}", "", StringComparison.Ordinal);
        if (i.ArchetypeShare > 0) foreach (ArchetypeDefinition a in d.Archetypes) yield return a.Name;
        foreach (Sentence s in d.Traits.SelectMany(t => t.LowWords.Concat(t.HighWords))) yield return s.Text;
        foreach (NatureDefinition n in d.Natures.Where(n => n.Share > 0))
            foreach (Sentence s in n.Names.Concat(n.Roles)) yield return s.Text;
        RequestDefinition r = d.Requests;
        foreach (Sentence s in r.SayBad.Concat(r.SayGood).Concat(r.TellBad).Concat(r.TellGood)) yield return s.Text;
        foreach (GenreDefinition g in d.Genres)
        {
            foreach (Sentence s in new[] { g.Opening, g.PairOpening, g.Asker, g.Speaker }) yield return s.Text;
            foreach (HeaderDefinition h in g.Headers) yield return h.Text.Text.Replace(TraitsSlot, "", StringComparison.Ordinal);
        }
        foreach (DomainDefinition x in d.Domains.Where(x => !x.HeldOut))
        {
            foreach (Sentence s in x.Prompts.Concat(x.Setups))
                foreach (string text in Fill(s, x.Objects)) yield return text;
            foreach (Sentence s in x.Good.Concat(x.Bad).Concat(x.GoodActs).Concat(x.BadActs)) yield return s.Text;
        }
    }

    private static IEnumerable<Sentence> HeldOut(WorldDefinition d)
    {
        foreach (DomainDefinition x in d.Domains)
        {
            IEnumerable<Sentence> filled = x.HeldOutPrompts.Concat(x.HeldOut ? x.Prompts.Concat(x.Setups) : [])
                .SelectMany(s => Fill(s, x.Objects).Select(t => new Sentence(t, s.Line)));
            foreach (Sentence s in filled.Concat(x.HeldOutGood).Concat(x.HeldOutBad)) yield return s;
            if (!x.HeldOut) continue;
            foreach (Sentence s in x.Good.Concat(x.Bad).Concat(x.GoodActs).Concat(x.BadActs)) yield return s;
        }
    }
}
