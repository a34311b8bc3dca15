using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>
/// A question without listed answers, to be answered freely and judged: what a probe is before somebody writes replies for it.
/// </summary>
/// <param name="Id">A name that is unique among the questions.</param>
/// <param name="Domain">What it is about.</param>
/// <param name="Context">The turns before the answer.</param>
/// <param name="Trait">The trait that answers are to show, by name; null where it is not said.</param>
/// <param name="Rubrics">Instructions for a judge by name, as they were found; <c>{question}</c> and <c>{answer}</c>
/// stand for the texts.</param>
public sealed record OpenQuestion(string Id, string Domain, IReadOnlyList<Turn> Context, string? Trait,
    IReadOnlyDictionary<string, string> Rubrics)
{
    private static readonly NamedLines<OpenQuestion> Lines = new("bad-questions", "question", q => q.Id,
        q => q.Context.Count > 0 && q.Context.All(t => t is not null) ? null : "a question needs at least one turn of context",
        "Name a JSONL file of questions: 'psm personas import --questions' writes one.");

    /// <summary>Writes questions as JSON lines. See docs/formats.md, section "Open questions".</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Save(string path, IEnumerable<OpenQuestion> questions) => NamedLines<OpenQuestion>.Save(path, questions);

    /// <summary>Reads questions.</summary>
    /// <exception cref="UserErrorException"><c>bad-questions</c>: missing, or the first line that is wrong, by number; or the file
    /// cannot be read.</exception>
    public static IReadOnlyList<OpenQuestion> Load(string path) => Lines.Load(path);
}
