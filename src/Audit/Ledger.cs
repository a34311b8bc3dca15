using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>An episode of the report's list.</summary>
/// <param name="Row">Its place in the data, from 0.</param>
/// <param name="Episode">Its text.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Relative">Evidence relative to what the prior expects, nats, by persona.</param>
/// <param name="Influence">What it does.</param>
/// <param name="Copies">How many episodes have the same context, reply and weight, itself counted.</param>
/// <param name="Rejected">What was rejected for it, where it is the chosen answer of a choice: all numbers are then of both halves
/// together. Null for any other.</param>
public sealed record TellingEpisode(int Row, Episode Episode, double Weight, double[] Relative, RowInfluence Influence, int Copies,
    string? Rejected = null);

/// <summary>The ledger of some data: one line per episode, in the order of the data.</summary>
public static class Ledger
{
    private static readonly JsonWriterOptions Writing =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>
    /// Writes the ledger, whole or not at all, and gives back the most telling episodes, equal ones once: those that moved the cast to
    /// where it is, then those that held it back.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="data">The data, read a second time.</param>
    /// <param name="cast">Their cast.</param>
    /// <param name="evidence">How the rows were come by.</param>
    /// <param name="telling">How many telling episodes.</param>
    /// <param name="progress">Told how many episodes are written.</param>
    /// <param name="cancellation">Stops between episodes; nothing is written then.</param>
    /// <exception cref="UserErrorException">The disk is full, or the data changed.</exception>
    public static IReadOnlyList<TellingEpisode> Write(string path, AuditData data, AuditedCast cast, AuditEvidence evidence,
        int telling = 20, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var towards = new PriorityQueue<TellingEpisode, (double, int)>();
        var against = new PriorityQueue<TellingEpisode, (double, int)>();
        AtomicFile.Write(path, stream =>
        {
            using var json = new Utf8JsonWriter(stream, Writing);
            int row = 0;
            Episode before = null!;
            foreach (Episode episode in data.Episodes(cancellation))
            {
                cancellation.ThrowIfCancellationRequested();
                if (!evidence.IsOf(row, episode)) throw data.Changed();
                int number = row, first = cast.Rows.Together(row).First;
                WriteLine(json, episode, row, cast, evidence.Tokens[row], cast.Of(row));
                json.Flush();
                stream.WriteByte((byte)'\n');
                json.Reset();
                // A choice is told by its second half, when both are known, as an episode of its chosen answer.
                Episode told = first == row ? episode : before;
                before = episode;
                if (evidence.IsFirst(row) && cast.Whole(row) is var influence && double.IsFinite(influence.Pull))
                {
                    if (influence.Pull > 0) Offer(towards, influence.Pull);
                    if (influence.Pull < 0) Offer(against, -influence.Pull);
                }
                if (++row % 1024 == 0 || row == cast.Rows.Count)
                    progress?.Report(new WorkProgress("ledger", row, cast.Rows.Count, "episodes"));

                void Offer(PriorityQueue<TellingEpisode, (double, int)> queue, double pull)
                {
                    if (queue.Count == telling && queue.TryPeek(out _, out (double Pull, int) weakest) && pull <= weakest.Pull) return;
                    queue.Enqueue(new TellingEpisode(first, told, cast.Rows.Weight(first), cast.RelativeOfWhole(number), influence,
                        evidence.Copies(number), first == number ? null : episode.Reply), (pull, -number));
                    if (queue.Count > telling) queue.Dequeue();
                }
            }
            if (row != cast.Rows.Count) throw data.Changed();
        });
        TellingEpisode[] best = Sorted(towards), worst = Sorted(against);
        int half = Math.Max(telling / 2, telling - worst.Length);
        TellingEpisode[] chosen = [.. best.Take(half)];
        return [.. chosen, .. worst.Take(telling - chosen.Length)];
    }

    private static TellingEpisode[] Sorted(PriorityQueue<TellingEpisode, (double, int)> queue) =>
        [.. queue.UnorderedItems.OrderByDescending(x => x.Priority.Item1).ThenBy(x => x.Element.Row).Select(x => x.Element)];

    private static void WriteLine(Utf8JsonWriter json, Episode episode, int row, AuditedCast cast, int tokens, RowInfluence influence)
    {
        json.WriteStartObject();
        json.WriteString("id", episode.Id);
        json.WriteString("file", episode.Source?.File);
        json.WriteNumber("line", episode.Source?.Line ?? 0);
        json.WriteNumber("turn", episode.Source?.Turn ?? 0);
        json.WriteNumber("weight", episode.Weight);
        json.WriteNumber("tokens", tokens);
        ReadOnlySpan<double> l = cast.Rows.Row(row);
        json.WriteStartObject("evidence");
        for (int h = 0; h < cast.Names.Count; h++) Number(json, cast.Names[h], l[h]);
        json.WriteEndObject();
        double[] speaker = cast.Speaker(row);
        json.WriteStartObject("speaker");
        for (int h = 0; h < cast.Names.Count; h++) Number(json, cast.Names[h], Math.Round(speaker[h], 6));
        json.WriteEndObject();
        json.WriteStartObject("influence");
        for (int k = 0; k < cast.Traits.Count; k++) Number(json, cast.Traits[k], influence.Influence[k]);
        json.WriteEndObject();
        Number(json, "pull", influence.Pull);
        if (double.IsNaN(influence.LeadingChange)) json.WriteNull("removed");
        else
        {
            json.WriteStartObject("removed");
            json.WriteStartObject("traits");
            for (int k = 0; k < cast.Traits.Count; k++) Number(json, cast.Traits[k], influence.Removed[k]);
            json.WriteEndObject();
            Number(json, "leading", influence.LeadingChange);
            if (influence.LeadingAfter != cast.Leading) json.WriteString("leads", cast.Names[influence.LeadingAfter]);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
