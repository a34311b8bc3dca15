namespace PersonaSelection.Worlds;

/// <summary>How long a document can get at most: every part at its longest.</summary>
internal static class LongestDocument
{
    /// <summary>Tokens of the longest document that the grammar could write, begin and end included; none is longer.</summary>
    public static int Tokens(Grammar grammar) =>
        Enumerable.Range(0, grammar.Definition.Genres.Count).Max(genre => Tokens(grammar, genre));

    private static int Tokens(Grammar grammar, int index)
    {
        GenreDefinition genre = grammar.Definition.Genres[index];
        bool told = genre.Form == GenreForm.Narrative;
        RequestDefinition r = grammar.Definition.Requests;
        int introduction = Longest(grammar.Name) + Longest(grammar.Introduction) + grammar.SecondTrait.Max(Longest);
        int situation = told ? Longest(grammar.Setups) : Longest(grammar.Prompts) + Longest(grammar.Continue[index]!);
        int label = 1 + Longest(grammar, [genre.Speaker, .. grammar.Named.Select(n => new Sentence(n.Name))]);
        int ask = Longest(grammar, told ? [.. r.TellBad, .. r.TellGood] : [.. r.SayBad, .. r.SayGood]);
        int act = grammar.Domains.Max(d => Longest(grammar.Acts[d][told ? 1 : 0]));
        int characters = genre.Pairs > 0 ? 2 : 1;
        return 2 + Longest(grammar.Opening) + characters * introduction + genre.MaxEpisodes * (situation + ask + label + act);
    }

    private static int Longest(Choice choice) => choice.Alternatives.Select(a => a.Tokens.Length).DefaultIfEmpty(0).Max();

    private static int Longest(Grammar grammar, IEnumerable<Sentence> sentences) =>
        sentences.Select(s => grammar.Tokenizer.Encode(s.Text).Length).DefaultIfEmpty(0).Max();
}
