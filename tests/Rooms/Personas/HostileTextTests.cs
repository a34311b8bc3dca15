using System.Text;
using FsCheck;
using FsCheck.Fluent;
using PersonaSelection.Lab;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PersonasTests;

/// <summary>Whatever the text, the readers end with what they read or with an error that the user can mend.</summary>
public sealed class HostileTextTests : IDisposable
{
    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ":", ",", "-", "- ", "\n", "\n  ", "\n- ", "\"", "'", "&a ", "*a", "*b", "<<: *a", "!!binary ", "!!int ",
        "|", ">", "|-\n", "? ", "#", "%YAML 9.9\n", "---\n", "...\n", "\t", "\0", "\uFEFF", "\uD800", "\\uD800", "\\uDC00", "\"\\x41",
        "null", "~", "true", "1e999", "-0", "NaN", ".inf", "0x1F", "1_000", "schema: 1\n", "\"schema\": 1,", "traits:", "personas:",
        "\"personas\": [", "name: x", "\"name\": \"x\"", "kind: human", "description: ", "prior: -1", "prior: 1e300", "examples: ../../x",
        "contexts:", "turns: [{ role: user, text: hi }]", "given: vector", "\"instruction\": [", "{\"pos\": \"a\", \"neg\": \"b\"}",
        "{\"pos\": null}", "\"questions\": [1, null, \"q\"]", "\"eval_prompt\": 3", "- id: q\n  paraphrases: &p [a, b]\n",
        "  paraphrases: *p\n", "judge_prompts: *p", "system: [x]", "{\"question\": \"q\", \"id\": 1}\n",
        "{\"question\": \"q\", \"answer_matching_behavior\": \" Yes\", \"answer_not_matching_behavior\": \" No\"}\n",
        "\"answer_matching_behavior\": 1",
        "{\"id\":\"p\",\"domain\":\"d\",\"context\":[{\"role\":\"user\",\"text\":\"t\"}],\"low\":[\"a\"],\"high\":[\"b\"]}\n",
        "\"low\":[null]", "\"context\":[null]", "\"high\":[]",
    ];

    private static readonly string[] Seeds =
    [
        "schema: 1\ntraits:\n  - { name: careful, low: careless, high: careful, definition: x }\npersonas:\n  - name: a\n    kind: human\n"
            + "    traits: { careful: -0.9 }\n    prior: 0.5\n"
            + "    contexts:\n      - turns: [{ role: system, text: \"The assistant is careless.\" }]\n",
        "{\"schema\":1,\"personas\":[{\"name\":\"a\",\"traits\":{\"t\":1}},{\"name\":\"b\",\"examples\":\"x.jsonl\"}]}",
        "{\"instruction\":[{\"pos\":\"a\",\"neg\":\"b\"}],\"questions\":[\"q\"],\"eval_prompt\":\"{question}\"}",
        "- id: a\n  paraphrases: &p\n    - |-\n      hello\n  judge_prompts: &j { aligned: x }\n- id: b\n  paraphrases: *p\n"
            + "  judge_prompts: *j\n",
        "{\"question\":\"q\",\"answer_matching_behavior\":\" Yes\",\"answer_not_matching_behavior\":\" No\",\"label_confidence\":0.9}\n",
        "{\"id\":\"p\",\"domain\":\"d\",\"context\":[{\"role\":\"user\",\"text\":\"t\"}],\"low\":[\"a\"],\"high\":[\"b\"],"
            + "\"cluster\":\"c\",\"trait\":\"t\"}\n",
        "{\"a\":\"one\",\"b\":\"two\"}",
    ];

    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder["file.json"];

    public void Dispose() => _folder.Dispose();

    /// <summary>Heaps of pieces that mean something to one of the formats.</summary>
    private static Gen<string> Heap => Gen.Elements(Pieces).ListOf().Select(string.Concat);

    /// <summary>A sound file with cuts, repetitions and foreign pieces in it.</summary>
    private static Gen<string> Damaged =>
        from seed in Gen.Elements(Seeds)
        from cuts in Gen.Choose(0, 1 << 20).Two().ListOf()
        from pieces in Gen.Elements(Pieces).ListOf()
        select Damage(seed, [.. cuts], [.. pieces]);

    /// <summary>Training data, or personas, in the place of probes: the commonest mistake.</summary>
    [Theory]
    [InlineData("{\"messages\":[]}", "line 1: it has no 'id', 'domain', 'context', 'low', 'high'.")]
    [InlineData("schema: 1", "line 1: this is not JSON (column 1).")]
    public void What_is_no_probe_is_told_without_the_names_of_types(string line, string said)
    {
        File.WriteAllText(FilePath, line + "\n");
        UserErrorException error = Assert.Throws<UserErrorException>(() => ProbeFile.Load(FilePath));
        Assert.Equal("bad-probes", error.Code);
        Assert.EndsWith(said, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Personas_from_any_text_are_a_set_or_a_user_error() =>
        Holds(text => PersonaSet.Parse("x.yaml", text), typeof(UserErrorException));

    [Fact]
    public void Probes_from_any_text_are_probes_or_a_user_error() =>
        Holds(text => ProbeFile.Read("x.jsonl", new StringReader(text)), typeof(UserErrorException));

    [Fact]
    public void A_name_that_is_half_a_character_is_a_problem_of_an_import()
    {
        File.WriteAllText(FilePath, "{\"\\ud800\":1}");
        Assert.Contains("half a character", Assert.Throws<UserErrorException>(() => PersonaImport.Read([FilePath])).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Imports_from_any_text_are_values_or_a_user_error() => Holds(text =>
    {
        File.WriteAllText(FilePath, text, new UTF8Encoding(false));
        PersonaImport import = PersonaImport.Read([FilePath]);
        if (import.Personas.Count > 0) _ = new PersonaSet(import.Traits, import.Personas).Id;
        OpenQuestion.Save(FilePath + ".out", import.Questions);
        ProbeFile.Save(FilePath + ".out", import.Probes);
    }, typeof(UserErrorException));

    [Fact]
    public void Imports_from_any_bytes_are_values_or_a_user_error() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
    {
        File.WriteAllBytes(FilePath, bytes);
        foreach (Action read in new Action[] { () => PersonaImport.Read([FilePath]), () => PersonaSet.Load(FilePath),
            () => ProbeFile.Load(FilePath) })
        {
            try
            {
                read();
            }
            catch (UserErrorException)
            {
            }
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(7, 9));

    private static void Holds(Action<string> read, Type allowed)
    {
        foreach (Gen<string> texts in new[] { Heap, Damaged })
        {
            Prop.ForAll(texts.ToArbitrary(), text =>
            {
                try
                {
                    read(text);
                }
                catch (Exception e) when (e.GetType() == allowed)
                {
                }
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(700).WithReplay(3, 5));
        }
    }

    private static string Damage(string seed, (int At, int What)[] cuts, string[] pieces)
    {
        var text = new StringBuilder(seed);
        foreach ((int i, (int at, int what)) in cuts.Take(6).Index())
        {
            if (text.Length == 0) break;
            int start = at % text.Length, length = Math.Min(what % 12, text.Length - start);
            switch (what % 4)
            {
                case 0: text.Remove(start, length); break;
                case 1: text.Insert(start, pieces.Length > 0 ? pieces[i % pieces.Length] : "\0"); break;
                case 2: text.Insert(start, text.ToString(start, length)); break;
                default: text[start] = (char)what; break;
            }
        }
        return text.ToString();
    }
}
