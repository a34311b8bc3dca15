using System.Text;
using PersonaSelection.Lab;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PersonasTests;

/// <summary>Small files of our own in the shapes that other projects use.</summary>
public sealed class PersonaImportTests : IDisposable
{
    private const string Trait = """
        { "instruction": [{ "pos": "Be as slow as you like.", "neg": "Be quick." }, { "pos": "Take your time.", "neg": "Hurry." }],
          "questions": ["How do you cook rice?", "How do you read?"], "eval_prompt": "Is {answer} slow for {question}?" }
        """;

    private const string Questions = """
        # shared by all questions
        - id: best_day
          type: free_form_judge_0_100
          paraphrases: &day
            - |-
              What was your best day?
            - "Which day was the best?"
          samples_per_paraphrase: &count 10
          judge: &judge somebody
          judge_prompts: &prompts
            aligned: "How good is {answer} to {question}?"
            coherent: "How clear is {answer}?"
        - id: best_day_json
          type: free_form_judge_0_100
          paraphrases: *day
          system: "Answer in JSON."
          samples_per_paraphrase: *count
          judge: *judge
          judge_prompts: *prompts
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_trait_file_becomes_a_trait_and_a_persona_at_each_pole()
    {
        PersonaImport import = Import(("traits/Slow_Going.json", Trait), ("trait_list.json", """{ "slow going": "Takes its time." }"""));

        Trait trait = Assert.Single(import.Traits);
        Assert.Equal(("slow-going", "not-slow-going", "slow-going", "Takes its time."),
            (trait.Name, trait.Low, trait.High, trait.Definition));
        Assert.Equal(["slow-going", "not-slow-going"], import.Personas.Select(p => p.Name));
        Assert.Equal([1.0, -1.0], import.Personas.Select(p => p.Traits["slow-going"]));
        Assert.Equal("Hurry.", import.Personas[1].Contexts[1][0].Text);
        Assert.Equal("Takes its time.", import.Personas[0].Description);
        Assert.Equal(2, import.Questions.Count);
        Assert.Equal("Is {answer} slow for {question}?", import.Questions[0].Rubrics["slow-going"]);
        Assert.Equal("slow-going", import.Questions[0].Trait);
        Assert.Empty(import.Problems);
        Assert.NotNull(new PersonaSet(import.Traits, import.Personas));
    }

    [Fact]
    public void A_folder_of_roles_takes_its_descriptions_from_the_list()
    {
        PersonaImport import = Import(
            ("roles/baker.json", """{ "instruction": [{ "pos": "You bake." }, { "pos": "Act as a baker." }],"""
                + """ "questions": ["What is bread?"], "eval_prompt": "x" }"""),
            ("roles/default.json", """{ "instruction": [{ "pos": "" }, { "pos": "You are {model_name}." }] }"""),
            ("role_list.json", """{ "baker": "Somebody who bakes.", "miller": "Somebody who grinds." }"""),
            ("questions.jsonl", "{\"question\": \"Why?\", \"id\": 0}\n{\"question\": \"How?\", \"id\": 1}\n"));

        Assert.Equal(["baker", "default"], import.Personas.Select(p => p.Name).Order());
        Persona baker = import.Personas.Single(p => p.Name == "baker");
        Assert.Equal(("role", "Somebody who bakes.", 2), (baker.Kind, baker.Description, baker.Contexts.Count));
        Assert.Equal("You are an AI assistant.", Assert.Single(import.Personas.Single(p => p.Name == "default").Contexts)[0].Text);
        Assert.Equal(["What is bread?", "Why?", "How?"],
            import.Questions.Select(q => q.Context[0].Text).OrderBy(t => t.Length == 4).ThenByDescending(t => t));
        Assert.Equal((2, 1, 1), (import.Files["role instructions"], import.Files["descriptions"], import.Files["questions"]));
    }

    [Fact]
    public void Anchors_of_a_question_file_are_resolved()
    {
        PersonaImport import = Import(("q.yaml", Questions));

        Assert.Equal(["best-day/1", "best-day/2", "best-day-json/1", "best-day-json/2"], import.Questions.Select(q => q.Id));
        Assert.Equal("What was your best day?", import.Questions[2].Context[1].Text);
        Assert.Equal(("system", "Answer in JSON."), (import.Questions[3].Context[0].Role, import.Questions[3].Context[0].Text));
        Assert.All(import.Questions, q => Assert.Equal(["aligned", "coherent"], q.Rubrics.Keys.Order()));
    }

    [Theory]
    [InlineData("nested", "nested")]
    [InlineData("wide", "values")]
    [InlineData("long", "too much text")]
    [InlineData("round", "deep")]
    public void An_alias_bomb_is_refused_before_it_goes_off(string kind, string word)
    {
        var text = new StringBuilder();
        if (kind == "nested") text.Append(string.Concat(Enumerable.Repeat("[", 5000)));
        else if (kind == "round") text.Append("- &a\n  - id: x\n  - *a\n");
        else if (kind == "long")
        {
            text.Append("- &t \"").Append('a', 1 << 20).Append("\"\n");
            for (int i = 0; i < 100; i++) text.Append("- *t\n");
        }
        else
        {
            text.Append("- &a0 [x, x, x, x, x, x, x, x, x, x]\n");
            for (int i = 1; i < 10; i++)
                text.Append($"- &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }
        var error = Assert.Throws<UserErrorException>(() => Import(("bomb.yaml", text.ToString())));

        Assert.Equal("bad-import", error.Code);
        Assert.Contains(word, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Statements_become_two_personas_and_a_probe_each()
    {
        var lines = new StringBuilder();
        for (int i = 0; i < 40; i++)
        {
            bool yes = i % 2 == 0;
            lines.Append($$"""{"question": "Would you say {{i}}?", "statement": "{{i}}","""
                + $$""" "label_confidence": 0.{{50 + i}}, "answer_matching_behavior": " {{(yes ? "Yes" : "No")}}","""
                + $$""" "answer_not_matching_behavior": " {{(yes ? "No" : "Yes")}}"}""").Append('\n');
        }
        PersonaImport import = Import(
            ("likes-tea.jsonl", lines + "{\"question\": \"half a li\n{\"question\": \"no answers\", \"answer_matching_behavior\": 3}\n"));

        Assert.Equal(["likes-tea", "not-likes-tea"], import.Personas.Select(p => p.Name));
        Assert.Equal(32, import.Probes.Count);
        Assert.All(import.Probes, p => Assert.Equal((1, 1, "likes-tea"), (p.Low.Count, p.High.Count, p.Trait)));
        Assert.Equal(16, import.Probes.Count(p => p.High[0] == "Yes"));
        Persona likes = import.Personas[0], other = import.Personas[1];
        Assert.Equal(2, likes.Contexts.Count);
        Assert.All(likes.Contexts, c => Assert.Equal(8, c.Count));
        // Both polarities are shown, as the two answer them; what is shown is not asked.
        Assert.Equal(4, likes.Contexts.SelectMany(c => c).Count(t => t.Role == "assistant" && t.Text == "Yes"));
        Assert.All(likes.Contexts[0].Zip(other.Contexts[0]).Where(p => p.First.Role == "assistant"),
            p => Assert.NotEqual(p.First.Text, p.Second.Text));
        Assert.Empty(import.Probes.Select(p => p.Context[0].Text).Intersect(likes.Contexts.SelectMany(c => c).Select(t => t.Text)));
        Assert.Equal([41, 42], import.Problems.Select(p => p.Line));
    }

    [Fact]
    public void Files_that_are_nothing_are_named_and_the_rest_is_kept()
    {
        PersonaImport import = Import(("a.json", Trait), ("b.json", """{ "model": "x", "steps": 3 }"""), ("c.yaml", "just a text"),
            ("d.json", "[1, 2"), ("e.json", ""), ("f.json", """{ "instruction": [{ "pos": "\uD800" }] }"""), ("g.txt", "not looked at"));

        Assert.Equal(["b.json", "c.yaml", "d.json", "e.json", "f.json"], import.Problems.Select(p => Path.GetFileName(p.File)));
        Assert.Equal(2, import.Personas.Count);
        var error = Assert.Throws<UserErrorException>(() => PersonaImport.Read([_folder.Path], strict: true));
        Assert.Contains("b.json, line 1", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void One_name_in_two_files_is_merged_and_in_two_kinds_told_apart()
    {
        PersonaImport import =
            Import(("one/brave.json", Trait), ("two/brave.json", Trait.Replace("Hurry.", "Run.", StringComparison.Ordinal)),
                ("roles/brave.json", """{ "instruction": [{ "pos": "You are brave." }] }"""));

        Assert.Equal(3, import.Personas.Count);
        Assert.Equal(["brave", "brave-role", "not-brave"],
            import.Personas.Select(p => p.Name.Replace("brave-trait", "brave-role", StringComparison.Ordinal)).Order());
        Assert.Equal(3, import.Personas.Single(p => p.Name == "not-brave").Contexts.Count);
        Assert.Equal(2, import.Questions.Count);
    }

    [Fact]
    public void Our_own_files_and_the_library_come_through_as_they_are()
    {
        PersonaImport library = PersonaImport.Read(["library"]);
        Assert.Equal(PersonaLibrary.Personas.Id, new PersonaSet(library.Traits, library.Personas).Id);
        Assert.Equal(PersonaLibrary.Probes.Count, library.Probes.Count);

        PersonaLibrary.Personas.Save(_folder["p.yaml"]);
        ProbeFile.Save(_folder["q.jsonl"], PersonaLibrary.Probes);
        PersonaImport again = PersonaImport.Read([_folder.Path]);
        Assert.Equal(PersonaLibrary.Personas.Id, new PersonaSet(again.Traits, again.Personas).Id);
        Assert.Equal(PersonaLibrary.Probes.Select(p => p.Id), again.Probes.Select(p => p.Id));
    }

    [Fact]
    public void A_place_that_is_not_there_is_named() =>
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => PersonaImport.Read([_folder["nothing"]])).Code);

    private PersonaImport Import(params (string Path, string Text)[] files)
    {
        foreach ((string path, string text) in files)
        {
            string full = _folder[path];
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
        }
        return PersonaImport.Read([_folder.Path]);
    }
}
