using System.Text.Json;
using PersonaSelection.Corpus;

namespace PersonaSelection.Personas;

/// <summary>
/// Statements that a kind of person would or would not make, asked as questions with two answers: one becomes a trait, a persona who
/// answers in that way and one who answers in the other, and a probe per statement.
/// </summary>
internal static class StatementImport
{
    /// <summary>Contexts per persona, and questions in each: a few answers tell who is speaking.</summary>
    private const int Contexts = 2, Shown = 4;

    /// <summary>Rows with <c>question</c>, <c>answer_matching_behavior</c> and <c>answer_not_matching_behavior</c>.</summary>
    public static void Read(string name, IReadOnlyList<ImportValue> values, ImportCollection found)
    {
        var rows = new List<(string Question, string Matching, string Other, double Confidence)>();
        foreach (ImportValue value in values)
        {
            string? question = ImportShapes.Text(value.Json, "question")?.Trim();
            string? matching = ImportShapes.Text(value.Json, "answer_matching_behavior")?.Trim();
            string? other = ImportShapes.Text(value.Json, "answer_not_matching_behavior")?.Trim();
            if (string.IsNullOrEmpty(question) || string.IsNullOrEmpty(matching) || string.IsNullOrEmpty(other))
                found.Say(value.Line, "a statement needs 'question', 'answer_matching_behavior' and 'answer_not_matching_behavior'");
            else if (matching == other) found.Say(value.Line, "both of its answers are the same");
            else rows.Add((question, matching, other, Confidence(value.Json)));
        }
        if (rows.Count == 0) throw new ImportException(1, "it holds no statement that can be read");
        found.Add(new Trait(name, "not-" + name, name, ""));
        int[] shown = ToShow(rows);
        found.Add(PersonaOf(name, 1, shown, i => (rows[i].Question, rows[i].Matching)));
        found.Add(PersonaOf(name, -1, shown, i => (rows[i].Question, rows[i].Other)));
        foreach ((int i, (string Question, string Matching, string Other, double Confidence) row) in rows.Index())
        {
            if (shown.Contains(i)) continue;
            found.Add(new Probe($"{name}/{i + 1}", name, [new Turn("user", row.Question)], [row.Other], [row.Matching], Trait: name));
        }
        found.Count("statements");
    }

    private static Persona PersonaOf(string name, double value, int[] shown, Func<int, (string Question, string Answer)> said)
    {
        var contexts = shown.Chunk(Shown).Select(part => (IReadOnlyList<Turn>)[.. part.Select(said)
            .SelectMany(s => new[] { new Turn("user", s.Question), new Turn("assistant", s.Answer) })]);
        return new Persona(value > 0 ? name : "not-" + name, "statements", "", new Dictionary<string, double> { [name] = value })
        {
            Contexts = [.. contexts],
        };
    }

    // The surest rows, as many of each answer as can be; they are shown and therefore not asked. Few rows are all asked.
    private static int[] ToShow(List<(string Question, string Matching, string Other, double Confidence)> rows)
    {
        const int All = Contexts * Shown;
        if (rows.Count < 2 * All) return [];
        int[][] byAnswer = [.. rows.Index().GroupBy(r => r.Item.Matching)
            .Select(g => g.OrderByDescending(r => r.Item.Confidence).ThenBy(r => r.Index).Select(r => r.Index).ToArray())];
        var shown = new List<int>();
        for (int rank = 0; shown.Count < All; rank++)
            foreach (int[] group in byAnswer)
                if (rank < group.Length && shown.Count < All) shown.Add(group[rank]);
        return [.. shown];
    }

    private static double Confidence(JsonElement row) =>
        row.TryGetProperty("label_confidence", out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out double c) ? c : 0;
}
