using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
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
    private const string ErrorCode = "bad-questions";
    private const int LongestLine = 1 << 20;
    private const long LargestFile = 1L << 30;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes questions as JSON lines. See docs/formats.md, section "Open questions".</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Save(string path, IEnumerable<OpenQuestion> questions)
    {
        var text = new StringBuilder();
        foreach (OpenQuestion question in questions) text.Append(JsonSerializer.Serialize(question, Json)).Append('\n');
        AtomicFile.WriteText(path, text.ToString());
    }

    /// <summary>Reads questions.</summary>
    /// <exception cref="UserErrorException"><c>bad-questions</c>: missing, or the first line that is wrong, by number; or the file
    /// cannot be read.</exception>
    public static IReadOnlyList<OpenQuestion> Load(string path)
    {
        if (!File.Exists(path))
            throw new UserErrorException(ErrorCode, $"There is no file {path}.",
                "Name a JSONL file of questions: 'psm personas import --questions' writes one.");
        try
        {
            if (new FileInfo(path).Length > LargestFile)
                throw new UserErrorException(ErrorCode, $"{path} is larger than a gibibyte.", "Split it.");
            var questions = new List<OpenQuestion>();
            var ids = new HashSet<string>(StringComparer.Ordinal);
            foreach ((int i, string line) in File.ReadLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).Index())
            {
                if (line.Length == 0) continue;
                OpenQuestion question = Read(path, i + 1, line);
                if (!ids.Add(question.Id)) throw Bad(path, i + 1, $"the id '{question.Id}' occurs twice");
                questions.Add(question);
            }
            return questions.Count > 0
                ? questions : throw new UserErrorException(ErrorCode, $"{path} holds no question.", "Write one JSON object per line.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}",
                "Check the path and that the file is UTF-8 text.", e);
        }
    }

    private static OpenQuestion Read(string path, int number, string line)
    {
        if (line.Length > LongestLine) throw Bad(path, number, "the line is longer than a million characters");
        try
        {
            OpenQuestion question = JsonSerializer.Deserialize<OpenQuestion>(line, Json)
                ?? throw Bad(path, number, "a question is an object");
            return question.Context.Count > 0 && question.Context.All(t => t is not null)
                ? question : throw Bad(path, number, "a question needs at least one turn of context");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Bad(path, number, e is JsonException json ? JsonFile.Problem(json) : e.Message.TrimEnd('.'), e);
        }
    }

    private static UserErrorException Bad(string path, int line, string problem, Exception? inner = null) =>
        new(ErrorCode, $"{path}, line {line}: {problem}.", "Mend that line; docs/formats.md shows a question.", inner);
}
