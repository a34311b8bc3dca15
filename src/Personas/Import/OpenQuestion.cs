using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>A question without listed answers, to be answered freely and judged: what a probe is before somebody writes replies for it.</summary>
/// <param name="Id">A name that is unique among the questions.</param>
/// <param name="Domain">What it is about.</param>
/// <param name="Context">The turns before the answer.</param>
/// <param name="Trait">The trait that answers are to show, by name; null where it is not said.</param>
/// <param name="Rubrics">Instructions for a judge by name, as they were found; <c>{question}</c> and <c>{answer}</c> stand for the texts.</param>
public sealed record OpenQuestion(string Id, string Domain, IReadOnlyList<Turn> Context, string? Trait, IReadOnlyDictionary<string, string> Rubrics)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes questions as JSON lines. See docs/formats.md, section "Open questions".</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Save(string path, IEnumerable<OpenQuestion> questions)
    {
        var text = new StringBuilder();
        foreach (OpenQuestion question in questions) text.Append(JsonSerializer.Serialize(question, Json)).Append('\n');
        AtomicFile.WriteText(path, text.ToString());
    }
}
