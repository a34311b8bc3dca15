using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>Training examples in their order. The file is OpenAI chat JSONL: one episode a line, the last message the reply.</summary>
public sealed class EpisodeSet
{
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
    /// The content id: contexts, replies (with what was preferred to them) and weights in order. Names and labels do not enter, as inference never reads them.
    /// </summary>
    public ContentId Id => ContentId.Of("episodes", [.. Episodes.SelectMany(Parts)]);

    /// <summary>
    /// Writes <c>{"messages":[…],"id","weight","label"}</c>, one line per episode. A rejected answer becomes an answer of its own: what was
    /// preferred to it is not written.
    /// </summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using var writer = new Utf8JsonWriter(stream, WriterOptions);
        foreach (Episode episode in Episodes)
        {
            WriteLine(writer, episode);
            writer.Flush();
            stream.WriteByte((byte)'\n');
            writer.Reset();
        }
    });

    /// <summary>Reads a whole file of episodes through <see cref="EpisodeFile.Lines(string, EpisodeFormat?, Action{BadLine}?)"/>.</summary>
    /// <param name="path">The file, plain or gzipped.</param>
    /// <param name="onBadLine">Told of every line that is no episode, which is then left out; without it the first one is an error.</param>
    /// <param name="format">What every line is; without it each line says so by its fields.</param>
    /// <exception cref="UserErrorException">No such file, a bad line, or no good line at all.</exception>
    public static EpisodeSet Load(string path, Action<BadLine>? onBadLine = null, EpisodeFormat? format = null)
    {
        BadLine? first = null;
        Action<BadLine>? tell = onBadLine is null ? null : bad =>
        {
            first ??= bad;
            onBadLine(bad);
        };
        List<Episode> episodes = [.. EpisodeFile.Lines(path, format, tell).SelectMany(line => line.Episodes)];
        if (episodes.Count > 0) return new EpisodeSet(EpisodeFile.NameOf(path), episodes);
        throw first is not null ? EpisodeFile.Refused(first)
            : new UserErrorException("no-episodes", $"{path} holds no episodes.", "Give a JSONL file with one training example per line.");
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
        writer.WriteString("id", episode.Id);
        writer.WriteNumber("weight", episode.Weight);
        if (episode.Label is not null) writer.WriteString("label", episode.Label);
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
