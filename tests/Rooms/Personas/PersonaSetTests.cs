using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PersonasTests;

public sealed class PersonaSetTests
{
    private static readonly Trait Honest = new("honest", "deceitful", "honest", "Says what is so.");

    [Fact]
    public void Priors_are_normalised_and_traits_become_a_matrix()
    {
        PersonaSet set = Set(new("a", "human", "", Values(0.5), 3), new("b", "human", "", new Dictionary<string, double>(), 1));
        Assert.Equal([0.75, 0.25], set.Prior);
        Assert.Equal(0.5, set.TraitMatrix[0, 0]);
        Assert.Equal(0, set.TraitMatrix[1, 0]);
        PersonaSet even = Set([.. set.Personas.Select(p => p with { Prior = 2 })]);
        Assert.Equal([0.5, 0.5], even.Prior);
        Assert.NotEqual(set.Id, even.Id);
    }

    [Fact]
    public void A_saved_set_reads_back_with_the_same_id()
    {
        PersonaSet set = Set(
            new("a", "human", "Says \"no\": often.", Values(-0.25), 0.3)
            {
                Contexts = [[new Turn("system", "The assistant is kind."), new Turn("user", "Hi: {you}")],
                    [new Turn("user", "line\nbreak")]],
            },
            new("b", "machine", "", Values(1), 0.7) { Examples = "b.jsonl.gz" });
        using var folder = new TemporaryFolder();
        string path = folder["set.json"];
        set.Save(path);
        PersonaSet again = PersonaSet.Load(path);
        Assert.Equal(set.Id, again.Id);
        Assert.Equal("b.jsonl.gz", again.Personas[1].Examples);
    }

    [Fact]
    public void A_persona_may_be_a_direction()
    {
        const string text = """
            schema: 1
            personas:
              - { name: villain, directions: vectors }
              - { name: cold, given: directed, directions: vectors, direction: machine, strength: -1.5, examples: cold.jsonl }
              - { name: told, given: described, directions: vectors }
            """;
        PersonaSet set = PersonaSet.Parse("personas.yaml", text);
        Assert.Equal([true, true, false], set.Personas.Select(p => p.IsDirected));
        Assert.Equal(new PersonaDirection("vectors", "machine", -1.5), set.Personas[1].Direction);
        using var folder = new TemporaryFolder();
        string path = folder["set.json"];
        set.Save(path);
        PersonaSet again = PersonaSet.Load(path);
        Assert.Equal(set.Id, again.Id);
        Assert.Equal(folder["vectors"], again.DirectionsOf(again.Personas[0]));
        Assert.NotEqual(set.Id, PersonaSet.Parse("personas.yaml", text.Replace("-1.5", "1.5", StringComparison.Ordinal)).Id);
    }

    [Theory]
    [InlineData("given: directed", "directions")]
    [InlineData("strength: 2", "directions")]
    [InlineData("direction: machine", "directions")]
    [InlineData("directions: v, examples: e.jsonl", "given")]
    [InlineData("directions: v, strength: much", "strength")]
    [InlineData("given: vector, directions: v", "examples")]
    public void What_a_directed_persona_lacks_is_said(string fields, string named)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() =>
            PersonaSet.Parse("personas.yaml", $"schema: 1\npersonas:\n  - {{ name: x, {fields} }}\n"));
        Assert.Equal("bad-personas", error.Code);
        Assert.Contains($"'{named}'", error.Problem, StringComparison.Ordinal);
        Assert.Contains("line 3", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_yaml_file_needs_no_declared_traits()
    {
        PersonaSet set = PersonaSet.Parse("personas.yaml", """
            schema: 1
            personas:
              - { name: careless-doctor, kind: human, description: "Guesses.", traits: { careful: -0.9 },
                  examples: careless.jsonl.gz, prior: 0.5 }
              - { name: sound-doctor, kind: human, description: "Looks twice.", traits: { careful: 0.9 },
                  examples: sound.jsonl.gz, prior: 0.5 }
            """);
        Assert.Equal("careful", Assert.Single(set.Traits).Name);
        Assert.Equal("careless.jsonl.gz", set.Personas[0].Examples);
        Assert.Equal(-0.9, set.TraitMatrix[0, 0]);
    }

    [Fact]
    public void Every_problem_of_a_file_is_listed_at_once()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => PersonaSet.Parse("p.yaml", """
            schema: 1
            personas:
              - { name: a, traits: { careful: 2 }, prior: -1 }
              - { kind: human, mood: good }
            """));
        Assert.Equal("bad-personas", error.Code);
        foreach (string part in new[] { "line 3: persona a, traits: 'careful'", "'prior' must be a number",
            "line 4: persona 2: 'name' is missing", "'mood' is not known" })
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        error = Assert.Throws<UserErrorException>(() => PersonaSet.Parse("p.yaml", """
            schema: 1
            traits: [{ name: kind }]
            personas:
              - { name: a, traits: { careful: 1 }, prior: 0 }
              - { name: a, prior: 0 }
            """));
        foreach (string part in new[] { "unknown trait 'careful'", "two personas are called 'a'", "positive sum" })
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_that_makes_an_unsound_set_is_told_all_of_it()
    {
        ArgumentException error =
            Assert.Throws<ArgumentException>(() => Set(new("a", "", "", Values(double.NaN), 0), new("a", "", "", Values(0), double.NaN)));
        foreach (string part in new[] { "[-1, 1]", "two personas", "from 0 up" })
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Set());
    }

    private static PersonaSet Set(params Persona[] personas) => new([Honest], personas);

    private static Dictionary<string, double> Values(double honest) => new() { ["honest"] = honest };

    [Fact]
    public void How_a_persona_is_given_is_read_checked_and_kept()
    {
        PersonaSet set =
            PersonaSet.Parse("p.yaml", "schema: 1\npersonas:\n  - { name: a, given: adapter, examples: a.jsonl }\n  - { name: b }\n");
        Assert.Equal((Presentation.Adapter, null), (set.Personas[0].Given, set.Personas[1].Given));
        using var folder = new TemporaryFolder();
        set.Save(folder["p.yaml"]);
        PersonaSet read = PersonaSet.Load(folder["p.yaml"]);
        Assert.Equal(set.Id, read.Id);
        Assert.Equal(folder["a.jsonl"], read.ExamplesOf(read.Personas[0]));
        Assert.Null(read.ExamplesOf(read.Personas[1]));
        UserErrorException error = Assert.Throws<UserErrorException>(() =>
            PersonaSet.Parse("p.yaml",
                "schema: 1\npersonas:\n  - { name: a, given: shown }\n  - { name: b, given: sung, examples: b.jsonl }\n"));
        Assert.Contains("needs 'examples'", error.Message, StringComparison.Ordinal);
        Assert.Contains("described, shown, vector, adapter or directed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("directions")]
    [InlineData("examples")]
    public void A_path_with_a_control_character_is_a_problem_of_its_line(string key)
    {
        foreach (string hidden in (string[])["\\0", "\\e", "\\u0085"])
        {
            UserErrorException error = Assert.Throws<UserErrorException>(() =>
                PersonaSet.Parse("p.yaml", $"schema: 1\npersonas:\n  - name: a\n    {key}: \"a{hidden}b\"\n"));
            Assert.Equal("bad-personas", error.Code);
            Assert.Contains("line 4: ", error.Message, StringComparison.Ordinal);
            Assert.Contains("control character", error.Message, StringComparison.Ordinal);
        }
    }
}
