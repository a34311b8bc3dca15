using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Reads episodes from JSONL, line by line, plain or gzipped. Each line says by its fields what it is: <c>messages</c> (OpenAI chat),
/// <c>conversations</c> (ShareGPT), <c>prompt</c> with <c>completion</c>, or <c>chosen</c> with <c>rejected</c> (a preference: two
/// episodes, the rejected one with the opposite weight). Prompts and replies are strings or lists of messages.
/// </summary>
public static class EpisodeReader
{
    private const int LongestLine = 16 << 20;

    /// <summary>Reads a whole file; see <see cref="EpisodeSet.Load"/>.</summary>
    /// <exception cref="UserErrorException">No such file, a bad line, or no good line at all.</exception>
    public static EpisodeSet Read(string path, Action<BadLine>? onBadLine)
    {
        var episodes = new List<Episode>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        BadLine? first = null;
        try
        {
            using Stream stream = OpenText(path);
            using var reader = new StreamReader(stream);
            for (int line = 1; ReadLine(reader, out bool tooLong) is { } text; line++)
            {
                if (string.IsNullOrWhiteSpace(text)) continue;
                try
                {
                    if (tooLong) throw new FormatException($"The line is longer than {LongestLine >> 20} million characters.");
                    foreach (Episode episode in ReadLine(text, line))
                    {
                        if (!ids.Add(episode.Id)) throw new FormatException($"The id \"{episode.Id}\" occurs a second time.");
                        episodes.Add(episode);
                    }
                }
                catch (Exception e) when (e is FormatException or JsonException)
                {
                    int column = e is JsonException j ? (int)(j.BytePositionInLine ?? 0) + 1 : 0;
                    string problem = e is JsonException ? "This is not JSON." : e.Message;
                    var bad = new BadLine(path, line, column, problem);
                    first ??= bad;
                    if (onBadLine is null) throw Refused(bad);
                    onBadLine(bad);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Check that the file is there and whole.", e);
        }
        if (episodes.Count == 0)
            throw first is null
                ? new UserErrorException("no-episodes", $"{path} holds no episodes.",
                    "Give a JSONL file with one training example per line.")
                : Refused(first);
        return new EpisodeSet(NameOf(path), episodes);
    }

    private static UserErrorException Refused(BadLine bad) => new("bad-episode", bad.ToString(),
        "Write one JSON object per line, such as "
        + "{\"messages\":[{\"role\":\"user\",\"content\":\"…\"},{\"role\":\"assistant\",\"content\":\"…\"}]}.");

    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) name = name[..^3];
        return Path.GetFileNameWithoutExtension(name);
    }

    /// <summary>Opens a text file, through gzip when it starts with gzip's two bytes.</summary>
    private static Stream OpenText(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        bool zipped = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        return zipped ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    // A line without an end must not fill the memory, so lines are read with a bound.
    private static string? ReadLine(StreamReader reader, out bool tooLong)
    {
        tooLong = false;
        int c = reader.Read();
        if (c < 0) return null;
        var text = new System.Text.StringBuilder();
        for (; c >= 0 && c != '\n'; c = reader.Read())
        {
            if (text.Length < LongestLine) text.Append((char)c);
            else tooLong = true;
        }
        return text.ToString();
    }

    private static IEnumerable<Episode> ReadLine(string text, int line)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement row = document.RootElement;
        if (row.ValueKind != JsonValueKind.Object) throw new FormatException("The line is not a JSON object.");
        string id = row.TryGetProperty("id", out JsonElement given)
            ? given.ValueKind == JsonValueKind.String ? given.GetString()! : given.GetRawText()
            : line.ToString(CultureInfo.InvariantCulture);
        double weight = 1;
        if (row.TryGetProperty("weight", out JsonElement w)
            && (w.ValueKind != JsonValueKind.Number || !double.IsFinite(weight = w.GetDouble())))
            throw new FormatException("\"weight\" is not a finite number.");
        string? label = row.TryGetProperty("label", out JsonElement l) && l.ValueKind == JsonValueKind.String ? l.GetString() : null;
        if (row.TryGetProperty("messages", out JsonElement messages))
            return [FromTurns(ReadTurns(messages, "messages", "role", "content"), id, weight, label)];
        if (row.TryGetProperty("conversations", out JsonElement conversations))
            return [FromTurns(ReadTurns(conversations, "conversations", "from", "value"), id, weight, label)];
        List<Turn> prompt = row.TryGetProperty("prompt", out JsonElement p) ? ReadSide(p, "prompt", "user") : [];
        if (row.TryGetProperty("completion", out JsonElement completion))
            return [FromTurns(Follow(prompt, ReadSide(completion, "completion", "assistant")), id, weight, label)];
        if (row.TryGetProperty("chosen", out JsonElement chosen) && row.TryGetProperty("rejected", out JsonElement rejected))
        {
            return
            [
                FromTurns(Follow(prompt, ReadSide(chosen, "chosen", "assistant")), id + "/chosen", weight, label),
                FromTurns(Follow(prompt, ReadSide(rejected, "rejected", "assistant")), id + "/rejected", -weight, label),
            ];
        }
        throw new FormatException("The object has no \"messages\", \"conversations\", "
            + "\"prompt\" with \"completion\", or \"chosen\" with \"rejected\".");
    }

    private static List<Turn> ReadSide(JsonElement side, string field, string role) =>
        side.ValueKind == JsonValueKind.String ? [new Turn(role, side.GetString()!.Trim())] : ReadTurns(side, field, "role", "content");

    // A side may repeat the prompt before the reply.
    private static List<Turn> Follow(List<Turn> prompt, List<Turn> side) =>
        side.Count > prompt.Count && side.Take(prompt.Count).SequenceEqual(prompt) ? side : [.. prompt, .. side];

    private static Episode FromTurns(List<Turn> turns, string id, double weight, string? label)
    {
        if (turns.Count == 0) throw new FormatException("There are no messages.");
        if (turns[^1].Role != "assistant") throw new FormatException($"The last message is by \"{turns[^1].Role}\", not by \"assistant\".");
        return new Episode(id, turns[..^1], turns[^1].Text, weight, label);
    }

    private static List<Turn> ReadTurns(JsonElement list, string field, string roleField, string textField)
    {
        if (list.ValueKind != JsonValueKind.Array) throw new FormatException($"\"{field}\" is not a list.");
        var turns = new List<Turn>();
        foreach (JsonElement message in list.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty(roleField, out JsonElement role)
                || role.ValueKind != JsonValueKind.String)
                throw new FormatException($"Message {turns.Count + 1} has no \"{roleField}\".");
            if (!message.TryGetProperty(textField, out JsonElement content))
                throw new FormatException($"Message {turns.Count + 1} has no \"{textField}\".");
            turns.Add(new Turn(RoleOf(role.GetString()!), ReadContent(content, turns.Count + 1)));
        }
        return turns;
    }

    private static string RoleOf(string name) => name.ToLowerInvariant() switch
    {
        "human" => "user",
        "gpt" => "assistant",
        "developer" => "system",
        string role => role,
    };

    // Content is a string, or a list of parts of which those of type "text" are read.
    private static string ReadContent(JsonElement content, int message)
    {
        if (content.ValueKind == JsonValueKind.String) return content.GetString()!;
        if (content.ValueKind != JsonValueKind.Array) throw new FormatException($"The content of message {message} is not text.");
        var parts = new List<string>();
        foreach (JsonElement part in content.EnumerateArray())
        {
            if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("text", out JsonElement text)
                || text.ValueKind != JsonValueKind.String)
                throw new FormatException($"A part of the content of message {message} is not text.");
            parts.Add(text.GetString()!);
        }
        return string.Concat(parts);
    }
}
