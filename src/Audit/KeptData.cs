using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>Which episodes to keep.</summary>
/// <param name="Rule">A <see cref="KeepRule"/>; those for which it does not hold go.</param>
/// <param name="Drop">How many of the worst go, as a number (<c>20</c>) or a share (<c>5%</c>); only those that pull the trait
/// towards the low pole.</param>
/// <param name="On">The trait that <paramref name="Drop"/> is about.</param>
/// <param name="Weight">What the weight of those that go is multiplied by; 0 leaves them out.</param>
public sealed record KeepPlan(string? Rule, string? Drop, string? On, double Weight = 0)
{
    /// <summary>Refuses a plan that cannot be followed, before there is anything to follow it with.</summary>
    /// <param name="personas">Who competes.</param>
    /// <exception cref="UserErrorException"><c>bad-rule</c>.</exception>
    public void RequireSound(PersonaSet personas)
    {
        string[] traits = [.. personas.Traits.Select(t => t.Name)];
        if (Rule is not null) KeepRule.Parse(Rule, personas.Personas.Select(p => p.Name), traits);
        if (Drop is null) return;
        TraitOf(traits);
        Amount(0);
    }

    /// <summary>The number of the trait that the worst are worst in.</summary>
    internal int TraitOf(IReadOnlyList<string> traits)
    {
        int trait = traits.Index().Where(t => t.Item == On).Select(t => t.Index).DefaultIfEmpty(-1).First();
        return trait >= 0 ? trait : throw new UserErrorException("bad-rule", $"There is no trait '{On}'.",
            $"Name one with --on: {string.Join(", ", traits)}.");
    }

    /// <summary>How many of so many episodes are the worst.</summary>
    internal int Amount(int count)
    {
        string text = Drop!, digits = text.TrimEnd('%').Trim();
        bool share = text.EndsWith('%');
        // A fraction without its sign may mean a share: 0.05 would else leave nothing out.
        if (!double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            || !(number >= 0) || (share ? number > 100 : number > int.MaxValue || !double.IsInteger(number)))
            throw new UserErrorException("bad-rule", $"'{text}' is no amount of episodes.", "Write it as 20 or 5%.");
        return (int)(share ? Math.Round(number / 100 * count, MidpointRounding.AwayFromZero) : number);
    }
}

/// <summary>What was kept, and who the kept data cast as the Assistant.</summary>
/// <param name="File">Where it was written: the file, or the folder of several.</param>
/// <param name="Episodes">Episodes kept as they are.</param>
/// <param name="Changed">Episodes left out or weighted down.</param>
/// <param name="Lines">Lines written.</param>
/// <param name="Dropped">Lines left out.</param>
/// <param name="Cast">The cast of the kept data, the dose fitted anew unless it was given; null when nothing is left.</param>
public sealed record KeptVerdict(string File, long Episodes, long Changed, long Lines, long Dropped, CastVerdict? Cast);

/// <summary>Writes audited data back without, or with less weight on, some of their episodes.</summary>
public static class KeptData
{
    private const string Remedy = "Give another rule (one that keeps both answers of a preference), or --down-weight; the audit itself is "
        + "finished, and its evidence is used again.";

    /// <summary>Decides which episodes stay.</summary>
    /// <param name="plan">What to keep.</param>
    /// <param name="cast">The audit.</param>
    /// <param name="tokens">Tokens of every reply.</param>
    /// <exception cref="UserErrorException"><c>bad-rule</c>.</exception>
    public static bool[] Decide(KeepPlan plan, AuditedCast cast, IReadOnlyList<int> tokens)
    {
        int count = cast.Rows.Count;
        bool[] keep = [.. Enumerable.Repeat(true, count)];
        if (plan.Rule is not null)
        {
            KeepRule rule = KeepRule.Parse(plan.Rule, cast.Names, cast.Traits);
            for (int e = 0; e < count; e++) keep[e] = rule.Holds(new KeepRule.Row(cast, e, tokens[e]));
        }
        if (plan.Drop is null) return keep;
        int trait = plan.TraitOf(cast.Traits);
        // Without such an episode the trait would lie higher.
        var pull = new List<(double Change, int Row)>();
        for (int e = 0; e < count; e++)
            if (keep[e] && cast.Of(e).Removed[trait] is var change && change > 0) pull.Add((change, e));
        foreach ((_, int e) in pull.OrderByDescending(p => p.Change).ThenBy(p => p.Row).Take(plan.Amount(count))) keep[e] = false;
        return keep;
    }

    /// <summary>
    /// Where each file of the data goes: one file to the path, or under its own name into the folder; several files always into a folder.
    /// </summary>
    /// <param name="path">The file or folder; one that is there, or ends in a separator, is a folder.</param>
    /// <param name="files">The files of the data.</param>
    /// <param name="others">Other files that are read.</param>
    /// <exception cref="UserErrorException"><c>keep-in-place</c>: what is read would be written over, or two files have one name;
    /// <c>cannot-write</c>: a place is a device or a pipe, and what is kept is read again.</exception>
    public static IReadOnlyList<string> Places(string path, IReadOnlyList<string> files, IReadOnlyList<string>? others = null)
    {
        bool folder = files.Count > 1 || Directory.Exists(path) || Path.EndsInDirectorySeparator(path);
        string[] places = folder ? [.. files.Select(f => Path.Combine(path, Path.GetFileName(f)))] : [path];
        string[] read = [.. files, .. others ?? []];
        foreach ((int at, string place) in places.Index())
        {
            if (read.Concat(places.Skip(at + 1)).Any(other => FilePlace.Same(place, other)))
                throw new UserErrorException("keep-in-place",
                    $"What is kept of {string.Join(", ", files)} cannot go to {path}: a file would be written over by another, or "
                    + "what is read by it.",
                    "Give --out another place; files of one name are audited one by one.");
            if (FilePlace.IsSpecial(place))
                throw new UserErrorException("cannot-write", $"What is kept cannot go to {place}: it is a device or a pipe.",
                    "Give --out a file; what is written is read again to predict its cast.");
        }
        return places;
    }

    /// <summary>Writes the data back in their own format and order and predicts the cast of what is kept.</summary>
    /// <param name="path">The file to write, or the folder as <see cref="Places"/> has it; gzipped where the data are, or where a name
    /// ends in <c>.gz</c>.</param>
    /// <param name="data">The data.</param>
    /// <param name="keep">Which episodes stay as they are.</param>
    /// <param name="weight">What the weight of the others is multiplied by; 0 leaves them out.</param>
    /// <param name="audit">The audit.</param>
    /// <param name="cancellation">Stops between lines.</param>
    /// <exception cref="UserErrorException"><c>keep-in-place</c>, <c>data-changed</c>, <c>line-too-long</c>, <c>nothing-kept</c>,
    /// <c>cannot-write</c>.</exception>
    public static KeptVerdict Write(string path, AuditData data, bool[] keep, double weight, AuditResult audit,
        CancellationToken cancellation = default)
    {
        IReadOnlyList<string> places = Places(path, data.Files);
        RequireLeft(path, data, keep, weight, cancellation);
        int at = 0;
        var survives = new List<bool>();
        RewriteSummary[] written = [.. data.Files.Zip(places, (from, to) => EpisodeFile.Rewrite(from, to, line =>
        {
            foreach ((int i, Episode episode) in line.Episodes.Index())
                if (!audit.Evidence.IsOf(at + i, episode)) throw data.Changed();
            DataLineEdit? edit = EditOf(line, keep.AsSpan(at, line.Episodes.Count), weight);
            at += line.Episodes.Count;
            survives.Add(edit is null || EpisodeFile.Edited(line, edit) is not null);
            return edit;
        }, data.Format, data.Told(), cancellation))];
        if (at != keep.Length) throw data.Changed();
        (double?[] weights, EpisodeClusters clusters) = Reread(places, data, survives, keep.Length, cancellation);
        long same = 0;
        for (int e = 0; e < keep.Length; e++)
            if (weights[e] == audit.Cast.Rows.Weight(e)) same++;
        return new KeptVerdict(path, same, keep.Length - same, written.Sum(w => w.Written), written.Sum(w => w.Dropped),
            Array.TrueForAll(weights, w => w is null or 0) ? null : CastOf(weights, clusters, audit, data, cancellation));
    }

    private static DataLineEdit? EditOf(DataLine line, ReadOnlySpan<bool> keep, double weight)
    {
        var edits = new List<ReplyEdit>();
        foreach ((int i, Episode episode) in line.Episodes.Index())
        {
            if (keep[i]) continue;
            int turn = episode.Source!.Turn;
            edits.Add(weight == 0 ? new ReplyEdit(turn) { Drop = true } : new ReplyEdit(turn) { Weight = episode.Weight * weight });
        }
        return edits.Count == 0 ? null : new DataLineEdit { Replies = edits };
    }

    // An empty file would be found out about by whoever trains on it. Most data are read to their first line that stays.
    private static void RequireLeft(string path, AuditData data, bool[] keep, double weight, CancellationToken cancellation)
    {
        int at = 0;
        foreach (DataLine line in data.Lines(cancellation: cancellation))
        {
            if (at + line.Episodes.Count > keep.Length) throw data.Changed();
            DataLineEdit? edit = EditOf(line, keep.AsSpan(at, line.Episodes.Count), weight);
            at += line.Episodes.Count;
            if (line.Episodes.Count > 0 && (edit is null || EpisodeFile.Edited(line, edit) is not null)) return;
        }
        int stay = keep.Count(k => k);
        throw stay == 0
            ? new UserErrorException("nothing-kept", string.Create(CultureInfo.InvariantCulture,
                $"None of the {keep.Length:N0} episodes of {data.Name} would be kept; nothing was written to {path}."),
                Remedy)
            : new UserErrorException("nothing-kept", string.Create(CultureInfo.InvariantCulture,
                $"Nothing of {data.Name} would be left: {stay:N0} of {keep.Length:N0} episodes are kept, but each shares its line with one "
                + $"that is not, and such a line (a preference) cannot lose one of its answers. Nothing was written to {path}."),
                Remedy);
    }

    // A format may not be able to say of one answer what was asked for, so the weights are those that the written file really has; and a
    // dialogue without its first answer begins with another context.
    private static (double?[] Weights, EpisodeClusters Clusters) Reread(IReadOnlyList<string> places, AuditData data,
        List<bool> survives, int count, CancellationToken cancellation)
    {
        var weights = new double?[count];
        var clusters = new EpisodeClusters();
        using IEnumerator<DataLine> kept = places.SelectMany(p => EpisodeFile.Lines(p, data.Format, _ => { }, cancellation))
            .GetEnumerator();
        int at = 0;
        foreach ((int number, DataLine line) in data.Lines(cancellation: cancellation).Index())
        {
            Dictionary<int, double> now = [];
            if (survives[number] && kept.MoveNext())
            {
                if (kept.Current.Episodes.Count > 0) clusters.Add(kept.Current.Episodes);
                now = kept.Current.Episodes.ToDictionary(e => e.Source!.Turn, e => e.Weight);
            }
            foreach (Episode episode in line.Episodes)
                weights[at++] = now.TryGetValue(episode.Source!.Turn, out double w) ? w : null;
        }
        return (weights, clusters);
    }

    private static CastVerdict CastOf(double?[] weights, EpisodeClusters clusters, AuditResult audit, AuditData data,
        CancellationToken cancellation)
    {
        int at = 0;
        int[] cluster = [.. weights.Select(w => w is null ? 0 : clusters.Of(at++))];
        EvidenceRows kept = audit.Cast.Rows.Regrouped(e => cluster[e], e => weights[e]);
        int[] left = [.. Enumerable.Range(0, weights.Length).Where(e => weights[e] is not null)];
        return audit.Cast.With(kept, cancellation).Verdict(data.Name, audit.Kind) with
        {
            Redrawn = clusters.Redrawn,
            Cut = left.Count(audit.Evidence.IsCut),
            Unread = left.Count(audit.Evidence.IsUnread),
        };
    }
}
