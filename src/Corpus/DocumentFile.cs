using System.Text;
using System.Text.Unicode;

namespace PersonaSelection.Corpus;

/// <summary>What a file of documents holds.</summary>
public enum DocumentFormat
{
    /// <summary>JSONL of training examples (<see cref="EpisodeFormat"/>): a dialogue is a document.</summary>
    Dialogues,

    /// <summary>JSONL with a <c>text</c> in each line.</summary>
    Texts,

    /// <summary>Plain text.</summary>
    Plain,
}

/// <summary>Documents to pre-train on, read in constant memory from dialogues, JSONL texts or plain text, gzipped or not.</summary>
public static class DocumentFile
{
    /// <summary>A document of plain text has about this many characters at most.</summary>
    internal const int PlainLength = 4000;

    private const string EndOfText = "<|endoftext|>";
    private const string PlainRemedy = "Save the file as UTF-8 text, in lines, or leave --strict out.";
    private static readonly string[] JsonNames = [".jsonl", ".ndjson", ".json"];

    /// <summary>
    /// The documents of a file in order. A dialogue is rendered with <see cref="ChatTemplate.Plain"/> up to its last answer of positive
    /// weight, a preference with the chosen one; a row without such an answer gives none. Plain text is cut at empty lines: paragraphs are
    /// gathered up to <see cref="PlainLength"/> characters, a longer one is cut at line ends, and a line
    /// <c>&lt;|endoftext|&gt;</c> ends a document.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="format">
    /// What it holds; without it a name that ends like JSONL or a first line that starts with a brace means JSONL, in which each line says
    /// whether it is a dialogue or a text.
    /// </param>
    /// <param name="dialogues">What every dialogue is; without it each line says so.</param>
    /// <param name="onBadLine">Told of every line that gives no document; without it the first one is an error.</param>
    /// <param name="bytesRead">Told how much of the file, packed as it is, has been read.</param>
    /// <exception cref="Lab.UserErrorException">No such file, one that cannot be read to its end, or a bad line.</exception>
    public static IEnumerable<Document> Documents(string path, DocumentFormat? format = null, EpisodeFormat? dialogues = null,
        Action<BadLine>? onBadLine = null, IProgress<long>? bytesRead = null)
    {
        using TextLines lines = TextLines.Guarded(path, 0, () => TextLines.Open(path));
        var json = new RawJson();
        bool? plain = format is null ? IsJsonName(path) ? false : null : format == DocumentFormat.Plain;
        var gathered = new StringBuilder();
        int paragraph = 0;
        while (TextLines.Guarded(path, lines.Number, lines.MoveNext))
        {
            bytesRead?.Report(lines.FileBytes);
            ReadOnlyMemory<byte> line = lines.Current;
            bool blank = !lines.TooLong && line.Span.IndexOfAnyExcept(" \t\r\v\f"u8) < 0;
            if (blank && plain != true) continue;
            plain ??= line.Span.TrimStart(" \t"u8) is not [(byte)'{', ..];
            (string? text, BadLine? bad) = blank ? ("", null) : Read(path, lines, plain.Value, json, format, dialogues);
            if (bad is not null)
            {
                if (onBadLine is null)
                    throw plain.Value ? new Lab.UserErrorException("bad-episode", bad.ToString(), PlainRemedy) : EpisodeFile.Refused(bad);
                onBadLine(bad);
                continue;
            }
            if (plain == false)
            {
                if (text is not null) yield return new Document(text);
                continue;
            }
            bool end = text == EndOfText;
            int room = PlainLength - text!.Length;
            while (gathered.Length > 0 && (end || gathered.Length > room))
            {
                // What was gathered goes up to the last empty line; only a paragraph that fills a document alone is cut within.
                int cut = end || paragraph == 0 ? gathered.Length : paragraph;
                string document = gathered.ToString(0, cut).Trim('\n');
                gathered.Remove(0, cut);
                paragraph = 0;
                if (document.Length > 0) yield return new Document(document);
            }
            if (end) continue;
            gathered.Append(text).Append('\n');
            if (blank) paragraph = gathered.Length;
        }
        string rest = gathered.ToString().Trim('\n');
        if (rest.Length > 0) yield return new Document(rest);
    }

    private static bool IsJsonName(string path)
    {
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return JsonNames.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }

    private static (string?, BadLine?) Read(string path, TextLines lines, bool plain, RawJson json, DocumentFormat? format,
        EpisodeFormat? dialogues)
    {
        try
        {
            if (lines.TooLong) throw new BadRowException(-1, $"The line is longer than {TextLines.LongestLine >> 20} MiB.");
            if (!plain)
            {
                json.Parse(lines.Current);
                return (ReadRow(json, lines.Number, format, dialogues), null);
            }
            if (!Utf8.IsValid(lines.Current.Span)) throw new BadRowException(-1, "The line is not UTF-8.");
            return (Encoding.UTF8.GetString(lines.Current.Span).TrimEnd('\r'), null);
        }
        catch (BadRowException e)
        {
            return (null, new BadLine(path, lines.Number, e.At + 1, e.Message));
        }
    }

    private static string? ReadRow(RawJson json, int line, DocumentFormat? format, EpisodeFormat? dialogues)
    {
        int text = json.IsObject(0) ? json.Property(0, "text"u8) : -1;
        bool isText = format == DocumentFormat.Texts || (format is null && dialogues is null && json.IsText(text) && !IsDialogue(json));
        if (isText)
        {
            if (!json.IsText(text)) throw new BadRowException(0, "There is no \"text\".");
            return json.Text(text) is { Length: > 0 } document
                ? document : throw new BadRowException(json.Start(text), "The text is empty.");
        }
        EpisodeRow row = EpisodeRow.Read(json, dialogues, line);
        RowReply? last = row.Replies.LastOrDefault(r => r.Weight > 0);
        return last is null ? null : ChatTemplate.Plain.RenderTurns([.. last.Dialogue.Take(last.At + 1).Select(t => t.Turn)]);
    }

    // Exporters of mixed sets write every field, those of other rows as null.
    private static bool IsDialogue(RawJson json)
    {
        return Has("messages"u8) || Has("conversations"u8) || Has("conversation"u8) || Has("completion"u8) || Has("chosen"u8);

        bool Has(ReadOnlySpan<byte> name) => !json.IsNullOrAbsent(json.Property(0, name));
    }
}
