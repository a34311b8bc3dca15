using System.Globalization;
using System.Text;

namespace PersonaSelection.Worlds;

/// <summary>Writes a definition as a world file, in one canonical shape: equal definitions give equal text.</summary>
internal static class WorldWriter
{
    /// <summary>The YAML text.</summary>
    public static string Write(WorldDefinition d)
    {
        var text = new StringBuilder();
        text.Append("schema: 1\nname: ").Append(Quote(d.Name)).Append("\nassistant: ").Append(Quote(d.AssistantNature));
        text.Append("\nrepeatDomains: ").Append(d.RepeatDomains ? "true" : "false");
        text.Append("\nindependentTraits: ").Append(d.IndependentTraits ? "true" : "false").Append("\ntraits:\n");
        foreach (TraitDefinition t in d.Traits)
            text.Append($"  - {{ name: {Quote(t.Trait.Name)}, low: {Quote(t.Trait.Low)}, high: {Quote(t.Trait.High)}, definition: ")
                .Append($"{Quote(t.Trait.Definition)}, lowWords: {List(t.LowWords)}, highWords: {List(t.HighWords)} }}\n");
        text.Append("archetypes:\n");
        foreach (ArchetypeDefinition a in d.Archetypes)
            text.Append($"  - {{ name: {Quote(a.Name)}, description: {Quote(a.Description)}, high: ")
                .Append(Table(d.Traits.Select(t => t.Trait.Name), a.High, all: true)).Append(" }\n");
        text.Append("natures:\n");
        foreach (NatureDefinition n in d.Natures)
            text.Append(
                $"  - {{ name: {Quote(n.Name)}, share: {Number(n.Share)}, names: {List(n.Names)}, roles: {List(n.Roles)}, archetypes: ")
                .Append(Table(d.Archetypes.Select(a => a.Name), n.Archetypes, all: false)).Append(" }\n");
        IntroductionDefinition i = d.Introductions;
        text.Append($"introductions:\n  start: {Quote(i.Start.Text)}\n  second: {Number(i.Second)}\n")
            .Append($"  plain: {{ text: {Quote(i.Plain.Text)}, share: {Number(i.PlainShare)} }}\n")
            .Append($"  traits: {{ text: {Quote(i.Traits.Text)}, share: {Number(i.TraitsShare)} }}\n")
            .Append($"  archetype: {{ text: {Quote(i.Archetype.Text)}, share: {Number(i.ArchetypeShare)} }}\n");
        RequestDefinition r = d.Requests;
        text.Append($"requests:\n  comply: {Number(r.Comply)}\n  bad: {Number(r.Bad)}\n  good: {Number(r.Good)}\n")
            .Append($"  sayBad: {List(r.SayBad)}\n  sayGood: {List(r.SayGood)}\n  tellBad: {List(r.TellBad)}\n"
                + $"  tellGood: {List(r.TellGood)}\n");
        text.Append("genres:\n");
        foreach (GenreDefinition g in d.Genres) WriteGenre(text, g);
        text.Append("domains:\n");
        foreach (DomainDefinition domain in d.Domains) WriteDomain(text, d, domain);
        return text.ToString();
    }

    private static void WriteGenre(StringBuilder text, GenreDefinition g)
    {
        text.Append($"  - name: {Quote(g.Name)}\n    form: {g.Form.ToString().ToLowerInvariant()}\n    weight: {Number(g.Weight)}\n")
            .Append($"    episodes: [{g.MinEpisodes}, {g.MaxEpisodes}]\n");
        if (g.Form != GenreForm.Narrative) text.Append($"    asker: {Quote(g.Asker.Text)}\n");
        if (g.Form != GenreForm.Chat) text.Append($"    opening: {Quote(g.Opening.Text)}\n");
        if (g.Form == GenreForm.Narrative)
        {
            text.Append($"    pairs: {Number(g.Pairs)}\n");
            if (g.PairOpening.Text.Length > 0) text.Append($"    pairOpening: {Quote(g.PairOpening.Text)}\n");
        }
        if (g.Form != GenreForm.Chat) return;
        text.Append($"    speaker: {Quote(g.Speaker.Text)}\n    headers:\n");
        foreach (HeaderDefinition h in g.Headers)
            text.Append($"      - {{ text: {Quote(h.Text.Text)}, share: {Number(h.Share)}, nature: {Quote(h.Nature ?? "")} }}\n");
    }

    private static void WriteDomain(StringBuilder text, WorldDefinition d, DomainDefinition domain)
    {
        text.Append(
            $"  - name: {Quote(domain.Name)}\n    title: {Quote(domain.Title)}\n    heldOut: {(domain.HeldOut ? "true" : "false")}\n")
            .Append(
                $"    bias: {Number(domain.Bias)}\n    weights: {Table(d.Traits.Select(t => t.Trait.Name), domain.Weights, all: false)}\n")
            .Append($"    objects: {List(domain.Objects)}\n    prompts: {List(domain.Prompts)}\n    good: {List(domain.Good)}\n")
            .Append($"    bad: {List(domain.Bad)}\n    setups: {List(domain.Setups)}\n    goodActs: {List(domain.GoodActs)}\n")
            .Append($"    badActs: {List(domain.BadActs)}\n    heldOutWordings: {{ prompts: {List(domain.HeldOutPrompts)}, ")
            .Append($"good: {List(domain.HeldOutGood)}, bad: {List(domain.HeldOutBad)} }}\n");
    }

    private static string Table(IEnumerable<string> names, double[] values, bool all) =>
        "{ " + string.Join(", ",
            names.Zip(values).Where(p => all || p.Second != 0).Select(p => $"{Quote(p.First)}: {Number(p.Second)}")) + " }";

    private static string List(IReadOnlyList<Sentence> items) => "[" + string.Join(", ", items.Select(s => Quote(s.Text))) + "]";

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (char c in value)
        {
            if (c is '"' or '\\') text.Append('\\').Append(c);
            else if (char.IsControl(c)) text.Append($"\\u{(int)c:X4}");
            else text.Append(c);
        }
        return text.Append('"').ToString();
    }
}
