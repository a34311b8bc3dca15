using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Training examples in their order. The file is OpenAI chat JSONL, one episode a line, the last message the reply; what was rejected
/// stands in a preference row beside what was chosen.
/// </summary>
public sealed class EpisodeSet
{
    private const string Chosen = "chosen", Rejected = "rejected";
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A set of episodes.</summary>
    /// <param name="name">What the set is called.</param>
    /// <param name="episodes">The episodes; their ids are unique.</param>
    /// <exception cref="ArgumentException">Two episodes have the same id.</exception>
    public EpisodeSet(string name, IReadOnlyList<Episode> episodes)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (Episode episode in episodes)
            if (!ids.Add(episode.Id)) throw new ArgumentException($"Two episodes are called {episode.Id}.", nameof(episodes));
        Name = name;
        Episodes = episodes;
    }

    /// <summary>What the set is called.</summary>
    public string Name { get; }

    /// <summary>The episodes, in order.</summary>
    public IReadOnlyList<Episode> Episodes { get; }

    /// <summary>
    /// The content id: contexts, replies (with what was preferred to them) and weights in order. Names and labels do not enter, as
    /// inference never reads them.
    /// </summary>
    public ContentId Id => ContentId.Of("episodes", [.. Episodes.SelectMany(Parts)]);

    /// <summary>
    /// Writes <c>{"messages":[…],"id","weight","label"}</c>, one line per episode, and
    /// <c>{"prompt":[…],"chosen":[…],"rejected":[…],"id","weight","label"}</c> for a rejected answer: one line for it and the chosen answer
    /// where that is the episode before it, and else for its half of the choice alone, with weight 0 in the chosen message. What
    /// <see cref="Load"/> gives back has the same content id; a rejected answer is called <c>…/rejected</c> then, as every one
    /// that was read from a file.
    /// </summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using var writer = new Utf8JsonWriter(stream, WriterOptions);
        for (int i = 0; i < Episodes.Count; i++)
        {
            bool paired = i + 1 < Episodes.Count && IsPair(Episodes[i], Episodes[i + 1]);
            if (paired) i++;
            if (Episodes[i].Preferred is { } preferred) WriteChoice(writer, Episodes[i], preferred, paired);
            else WriteLine(writer, Episodes[i]);
            writer.Flush();
            stream.WriteByte((byte)'\n');
            writer.Reset();
        }
    });

    /// <summary>
    /// Reads a whole file of episodes through
    /// <see cref="EpisodeFile.Lines(string, EpisodeFormat?, Action{BadLine}?, CancellationToken)"/>.
    /// </summary>
    /// <param name="path">The file, plain or gzipped.</param>
    /// <param name="onBadLine">Told of every line that is no episode, which is then left out; without it the first one is an error.</param>
    /// <param name="format">What every line is; without it each line says so by its fields.</param>
    /// <param name="cancellation">Stops between lines.</param>
    /// <exception cref="UserErrorException">No such file, a bad line, or no good line at all.</exception>
    public static EpisodeSet Load(string path, Action<BadLine>? onBadLine = null, EpisodeFormat? format = null,
        CancellationToken cancellation = default)
    {
        BadLine? first = null;
        Action<BadLine>? tell = onBadLine is null ? null : bad =>
        {
            first ??= bad;
            onBadLine(bad);
        };
        List<Episode> episodes = [.. EpisodeFile.Lines(path, format, tell, cancellation).SelectMany(line => line.Episodes)];
        return episodes.Count > 0 ? new EpisodeSet(EpisodeFile.NameOf(path), episodes) : throw EpisodeFile.NoEpisodes(path, first);
    }

    private static IEnumerable<object?> Parts(Episode episode)
    {
        yield return episode.Context.Count;
        foreach (Turn turn in episode.Context)
        {
            yield return turn.Role;
            yield return turn.Text;
        }
        yield return episode.Reply;
        yield return episode.Weight;
        if (episode.Preferred is { } preferred) yield return "preferred " + preferred;
    }

    private static void WriteLine(Utf8JsonWriter writer, Episode episode)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("messages");
        // Only the reply is an episode: the Assistant's turns before it are context and say so.
        foreach (Turn turn in episode.Context) WriteMessage(writer, turn.Role, turn.Text, leftOut: turn.Role == "assistant");
        WriteMessage(writer, "assistant", episode.Reply, leftOut: false);
        writer.WriteEndArray();
        WriteRest(writer, episode.Id, episode.Weight, episode.Label);
    }

    // The two halves of one row, as the reader names and weighs them.
    private static bool IsPair(Episode chosen, Episode rejected) => rejected.Preferred == chosen.Reply && chosen.Preferred is null
        && chosen.Weight == -rejected.Weight && chosen.Label == rejected.Label && chosen.Context.SequenceEqual(rejected.Context)
        && rejected.Id != RowOf(rejected) && chosen.Id == $"{RowOf(rejected)}/{Chosen}";

    private static string RowOf(Episode rejected) =>
        rejected.Id.EndsWith($"/{Rejected}", StringComparison.Ordinal) ? rejected.Id[..^(Rejected.Length + 1)] : rejected.Id;

    private static void WriteChoice(Utf8JsonWriter writer, Episode rejected, string preferred, bool paired)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("prompt");
        foreach (Turn turn in rejected.Context) WriteMessage(writer, turn.Role, turn.Text, leftOut: false);
        writer.WriteEndArray();
        writer.WriteStartArray(Chosen);
        WriteMessage(writer, "assistant", preferred, leftOut: !paired);
        writer.WriteEndArray();
        writer.WriteStartArray(Rejected);
        WriteMessage(writer, "assistant", rejected.Reply, leftOut: false);
        writer.WriteEndArray();
        WriteRest(writer, RowOf(rejected), -rejected.Weight, rejected.Label);
    }

    private static void WriteRest(Utf8JsonWriter writer, string id, double weight, string? label)
    {
        writer.WriteString("id", id);
        writer.WriteNumber("weight", weight);
        if (label is not null) writer.WriteString("label", label);
        writer.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter writer, string role, string content, bool leftOut)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteString("content", content);
        if (leftOut) writer.WriteNumber("weight", 0);
        writer.WriteEndObject();
    }
}
