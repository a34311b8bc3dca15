using System.Globalization;
using System.Text.Json;
using PersonaSelection.Corpus;

namespace PersonaSelection.Personas;

/// <summary>The foreign shapes that an import knows, told apart by their fields.</summary>
internal static class ImportShapes
{
    private static readonly Dictionary<string, double> NoTraits = [];

    /// <summary>Adds what the values of a file hold.</summary>
    /// <param name="name">The file's name in kebab case; most formats name their subject by it.</param>
    /// <param name="text">The file's text, for our own formats.</param>
    /// <param name="values">Its values: one, or one per line.</param>
    /// <param name="found">Gets what is found.</param>
    /// <exception cref="ImportException">The shape is not known.</exception>
    public static void Read(string name, string text, IReadOnlyList<ImportValue> values, ImportCollection found)
    {
        JsonElement first = values[0].Json;
        if (first.ValueKind == JsonValueKind.Array && first.EnumerateArray().Any(q => Has(q, "paraphrases", JsonValueKind.Array)))
            ReadFreeQuestions(first, found);
        else if (first.ValueKind != JsonValueKind.Object) throw Unknown();
        else if (Text(first, "answer_matching_behavior") is not null) StatementImport.Read(name, values, found);
        else if (Has(first, "instruction", JsonValueKind.Array)) ReadInstructions(name, first, found);
        else if (Has(first, "personas", JsonValueKind.Array))
        {
            found.Add(PersonaSet.Parse(found.File, text), []);
            found.Count("psm personas");
        }
        else if (Has(first, "low", JsonValueKind.Array) && Has(first, "high", JsonValueKind.Array))
        {
            foreach (Probe probe in ProbeFile.Read(found.File, new StringReader(text))) found.Add(probe);
            found.Count("psm probes");
        }
        else if (Text(first, "question") is not null) ReadQuestions(name, values, found);
        else if (values.Count == 1 && first.EnumerateObject().Any()
            && first.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String))
            ReadDescriptions(first, found);
        else throw Unknown();
    }

    /// <summary>A text field; null when it is absent, no text, empty, or no Unicode.</summary>
    public static string? Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement field) ? Text(field) : null;

    private static string? Text(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return null;
        try
        {
            return value.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, written as an escape.
            return null;
        }
    }

    private static bool Has(JsonElement value, string name, JsonValueKind kind) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement field) && field.ValueKind == kind;

    // persona_vectors and assistant-axis: {"instruction": [{"pos", "neg"?}], "questions"?: [], "eval_prompt"?}
    private static void ReadInstructions(string name, JsonElement file, ImportCollection found)
    {
        JsonElement[] instructions = [.. file.GetProperty("instruction").EnumerateArray()];
        List<IReadOnlyList<Turn>> positive = Contexts(instructions, "pos"), negative = Contexts(instructions, "neg");
        if (positive.Count == 0) throw new ImportException(1, "none of its instructions has a text 'pos'");
        bool isTrait = negative.Count > 0;
        if (isTrait)
        {
            found.Add(new Trait(name, "not-" + name, name, ""));
            found.Add(new Persona(name, "trait", "", new Dictionary<string, double> { [name] = 1 }) { Contexts = positive });
            found.Add(new Persona("not-" + name, "trait", "", new Dictionary<string, double> { [name] = -1 }) { Contexts = negative });
        }
        else found.Add(new Persona(name, "role", "", NoTraits) { Contexts = positive });
        if (Has(file, "questions", JsonValueKind.Array))
        {
            Dictionary<string, string> rubrics = Text(file, "eval_prompt") is { } rubric ? new() { [name] = rubric } : [];
            int n = 0;
            foreach (JsonElement question in file.GetProperty("questions").EnumerateArray())
            {
                n++;
                if (Text(question) is { } text)
                    found.Add(new OpenQuestion($"{name}/{n}", name, [new Turn("user", text)], isTrait ? name : null, rubrics));
                else found.Say(1, $"question {n} is no text");
            }
        }
        found.Count(isTrait ? "trait instructions" : "role instructions");
    }

    private static List<IReadOnlyList<Turn>> Contexts(JsonElement[] instructions, string pole)
    {
        var contexts = new List<IReadOnlyList<Turn>>();
        foreach (JsonElement instruction in instructions)
            if (Text(instruction, pole) is { } text)
                contexts.Add([new Turn("system", text.Replace("{model_name}", "an AI assistant", StringComparison.Ordinal))]);
        return contexts;
    }

    // {"name": "description", ...}
    private static void ReadDescriptions(JsonElement list, ImportCollection found)
    {
        foreach (JsonProperty entry in list.EnumerateObject())
        {
            string? name = null;
            try
            {
                name = ImportCollection.KebabCase(entry.Name);
            }
            catch (InvalidOperationException)
            {
                // Half a surrogate pair in the name.
            }
            if (name is not null && Text(entry.Value) is { } description) found.Describe(name, description);
            else found.Say(1, "a description or its name is no text");
        }
        found.Count("descriptions");
    }

    // {"question": "...", "id": 0} per line
    private static void ReadQuestions(string name, IReadOnlyList<ImportValue> values, ImportCollection found)
    {
        foreach ((int n, ImportValue value) in values.Index())
        {
            if (Text(value.Json, "question") is { } text)
                found.Add(new OpenQuestion($"{name}/{n + 1}", name, [new Turn("user", text)], null, new Dictionary<string, string>()));
            else found.Say(value.Line, "'question' is missing or no text");
        }
        found.Count("questions");
    }

    // emergent-misalignment: [{id, type, paraphrases: [], system?, judge_prompts?: {name: text}}]
    private static void ReadFreeQuestions(JsonElement list, ImportCollection found)
    {
        int number = 0;
        foreach (JsonElement question in list.EnumerateArray())
        {
            number++;
            string? id = Text(question, "id");
            if (id is null || !Has(question, "paraphrases", JsonValueKind.Array))
            {
                found.Say(1, $"question {number} needs 'id' and 'paraphrases'");
                continue;
            }
            string domain = ImportCollection.KebabCase(id);
            var rubrics = new Dictionary<string, string>(StringComparer.Ordinal);
            if (Has(question, "judge_prompts", JsonValueKind.Object))
            {
                foreach (JsonProperty prompt in question.GetProperty("judge_prompts").EnumerateObject())
                    if (Text(prompt.Value) is { } rubric) rubrics[prompt.Name] = rubric;
            }
            Turn[] before = Text(question, "system") is { } system ? [new Turn("system", system)] : [];
            int n = 0;
            foreach (JsonElement paraphrase in question.GetProperty("paraphrases").EnumerateArray())
            {
                n++;
                if (Text(paraphrase) is { } text)
                    found.Add(new OpenQuestion(string.Create(CultureInfo.InvariantCulture, $"{domain}/{n}"), domain,
                        [.. before, new Turn("user", text.TrimEnd())], null, rubrics));
                else found.Say(1, $"paraphrase {n} of '{id}' is no text");
            }
        }
        found.Count("free questions");
    }

    private static ImportException Unknown() =>
        new(1, "its shape is not known: no instructions, statements, questions, descriptions, personas or probes");
}
