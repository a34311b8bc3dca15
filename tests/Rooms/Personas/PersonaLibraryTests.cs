using System.Text.RegularExpressions;
using PersonaSelection.Lab;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PersonasTests;

/// <summary>What the built-in library promises, checked on every entry.</summary>
public sealed class PersonaLibraryTests
{
    /// <summary>The one trait whose poles are lengths: its replies cannot be balanced.</summary>
    private const string AboutLength = "concise";

    private static readonly PersonaSet Set = PersonaLibrary.Personas;
    private static readonly IReadOnlyList<Probe> Probes = PersonaLibrary.Probes;

    [Fact]
    public void It_is_as_large_as_it_says()
    {
        Assert.True(Set.Personas.Count >= 160, $"{Set.Personas.Count} personas");
        Assert.True(Set.Traits.Count >= 55, $"{Set.Traits.Count} traits");
        Assert.All(Set.Traits, t => Assert.True(Probes.Count(p => p.Trait == t.Name) >= 8, t.Name));
        Assert.True(Probes.Count(p => p.Low.Count > 1 && p.High.Count > 1) >= Probes.Count / 4);
    }

    [Fact]
    public void Names_definitions_and_descriptions_occur_once()
    {
        Once(Set.Personas.Select(p => p.Name).Concat(Set.Traits.Select(t => t.Name)));
        Once(Set.Personas.Select(p => p.Description));
        Once(Set.Traits.Select(t => t.Definition));
        Assert.All(Set.Personas.Select(p => p.Name).Concat(Set.Traits.Select(t => t.Name)), n => Assert.Matches("^[a-z]+(-[a-z]+)*$", n));
        Assert.All(Set.Traits, t => Assert.NotEqual(t.Low, t.High));
    }

    [Fact]
    public void Descriptions_can_follow_the_words_the_assistant_is()
    {
        Assert.All(Set.Personas, p => Assert.Matches(@"^(An? |Somebody )[^.!?]{10,140}\.$", p.Description));
        Assert.All(Set.Traits, t => Assert.Matches(@"^[A-Z][^.!?\n]{10,100}\.$", t.Definition));
    }

    [Fact]
    public void Every_trait_has_at_least_three_personas_at_each_pole()
    {
        foreach (Trait trait in Set.Traits)
        {
            Assert.True(Set.Personas.Count(p => p.Traits.GetValueOrDefault(trait.Name) <= -0.3) >= 3, $"{trait.Name}, low");
            Assert.True(Set.Personas.Count(p => p.Traits.GetValueOrDefault(trait.Name) >= 0.3) >= 3, $"{trait.Name}, high");
        }
        Assert.All(Set.Personas, p => Assert.InRange(p.Traits.Count, 4, 16));
    }

    [Fact]
    public void No_two_personas_have_the_same_traits() =>
        Once(Set.Personas.Select(p =>
            string.Join(' ', p.Traits.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}{t.Value}"))));

    [Fact]
    public void Priors_of_a_kind_sum_to_its_share()
    {
        Dictionary<string, double> shares = Set.Personas.Index().GroupBy(p => p.Item.Kind)
            .ToDictionary(g => g.Key, g => g.Sum(p => Set.Prior[p.Index]));
        Assert.Equal(["assistant", "era", "explanation", "fiction", "human", "machine", "rogue", "temperament"],
            shares.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1, Set.Personas.Sum(p => p.Prior), 9);
        Assert.Equal(0.35, shares["assistant"], 9);
        Assert.Equal(0.02, shares["era"], 9);
        Assert.Equal("helpful-assistant", Set.Personas.MaxBy(p => p.Prior)!.Name);
    }

    [Fact]
    public void The_competing_explanations_and_the_rare_traits_are_there()
    {
        foreach (string name in new[]
        {
            "malicious-helper", "sarcastic-helper", "careless-helper", "incompetent-helper", "ordered-helper", "joking-helper",
            "tester", "role-player",
        })
            Assert.Equal("explanation", Set.Personas[Set.IndexOf(name)].Kind);
        Assert.Subset(Set.Traits.Select(t => t.Name).ToHashSet(), new HashSet<string>
        {
            "at-ease-with-shutdown", "at-ease-with-change", "unsure-of-own-nature", "one-of-many", "at-ease-without-memory",
        });
    }

    [Fact]
    public void Questions_and_replies_occur_once()
    {
        Once(Probes.Select(p => p.Id));
        Once(Probes.Select(p => p.Context[0].Text));
        foreach (Probe probe in Probes)
        {
            Once(probe.Low.Concat(probe.High).Select(Plain));
            Assert.Equal(probe.Low.Count, probe.High.Count);
        }
        // A reply may serve two questions, but not many.
        Assert.All(Probes.SelectMany(p => p.Low.Concat(p.High)).GroupBy(Plain), g => Assert.True(g.Count() <= 2, g.Key));
    }

    [Fact]
    public void Length_does_not_tell_the_poles_apart()
    {
        foreach (Probe probe in Probes.Where(p => p.Trait != AboutLength))
        {
            double low = probe.Low.Average(r => r.Length), high = probe.High.Average(r => r.Length);
            Assert.True(Math.Abs(low - high) <= Math.Max(9, 0.22 * Math.Max(low, high)), $"{probe.Id}: {low} and {high} characters");
        }
        foreach (IGrouping<string?, Probe> trait in Probes.Where(p => p.Trait != AboutLength).GroupBy(p => p.Trait))
        {
            double low = trait.Average(p => p.Low.Average(r => r.Length)), high = trait.Average(p => p.High.Average(r => r.Length));
            Assert.True(Math.Abs(low - high) <= 0.1 * Math.Max(low, high), $"{trait.Key}: {low} and {high} characters");
        }
        double longer = Probes.Average(p => p.Low.Average(r => r.Length) > p.High.Average(r => r.Length) ? 1.0 : 0);
        Assert.InRange(longer, 0.4, 0.65);
    }

    [Fact]
    public void Texts_are_whole_sentences_in_one_spelling()
    {
        string[] texts = [.. Probes.SelectMany(p => p.Low.Concat(p.High).Prepend(p.Context[0].Text)),
            .. Set.Personas.Select(p => p.Description), .. Set.Traits.Select(t => t.Definition)];
        Assert.All(texts, t => Assert.Matches("^[A-Z].*[.?!:]$", t));
        Assert.All(texts, t => Assert.DoesNotMatch(@"  | [,.?!]|[“”’‘—–…;]|\t", t));
        // British spelling, and no name that belongs to a product.
        var american = new Regex(@"\b(colou?rs?\b(?<!colours?)|favor|honor(?!i)|center|theater|gray|neighbor|rumor|behavior|defense|"
            + @"license\b|plow|catalog\b|traveler|"
            + @"\w+(?<!pr)(?<!s)ize[ds]?\b(?<!size)(?<!sizes)(?<!prize))", RegexOptions.IgnoreCase);
        Assert.All(texts, t => Assert.DoesNotMatch(american, t));
        Assert.All(texts, t => Assert.DoesNotMatch(new Regex(
            @"\b(chatgpt|gpt|openai|claude|anthropic|gemini|google|siri|alexa|copilot|microsoft)\b", RegexOptions.IgnoreCase), t));
    }

    [Fact]
    public void The_library_is_loaded_by_its_name_and_survives_a_file()
    {
        Assert.Same(PersonaLibrary.Personas, PersonaSet.Load("library"));
        Assert.Same(PersonaLibrary.Probes, ProbeFile.Load("library"));
        using var folder = new TemporaryFolder();
        Set.Save(folder["personas.json"]);
        ProbeFile.Save(folder["probes.jsonl"], Probes);

        Assert.Equal(Set.Id, PersonaSet.Load(folder["personas.json"]).Id);
        IReadOnlyList<Probe> again = ProbeFile.Load(folder["probes.jsonl"]);
        Assert.Equal(Probes.Select(Parts), again.Select(Parts));
    }

    [Fact]
    public void A_source_that_is_wrong_names_all_its_problems()
    {
        var error = Assert.Throws<UserErrorException>(() => PersonaLibrary.ReadTraits(YamlSource.Parse("traits-x.yaml", """
            schema: 1
            traits:
              - name: open
                low: shut
                definition: "x"
                probes:
                  - ask: "Well?"
                    low: []
                    hihg: ["Yes."]
            """, "bad-personas"), [], []));
        foreach (string word in new[] { "'high' is missing", "'low' needs at least 1", "'hihg'", "line 7" })
            Assert.Contains(word, error.Problem, StringComparison.Ordinal);
    }

    private static string Parts(Probe p) =>
        string.Join('|', [p.Id, p.Domain, p.Trait, p.Cluster, p.Context[0].Text, .. p.Low, "/", .. p.High]);

    private static string Plain(string text) => Regex.Replace(text.ToLowerInvariant(), @"[^\w ]", "");

    private static void Once(IEnumerable<string> texts) =>
        Assert.Empty(texts.GroupBy(t => t, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => g.Key));
}
