using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>The evidence of all episodes of some data, as numbers, and how it was come by.</summary>
public sealed class AuditEvidence
{
    /// <summary>Episodes asked of the source at once; each block is safe on disk before the next is asked for.</summary>
    public const int BlockSize = 256;

    private readonly List<int> _tokens = [];
    private readonly List<int> _firstEqual = [];
    private readonly List<int> _firstAlike = [];
    private readonly Dictionary<int, int> _copies = [];
    // Where the weight is not that of the first row with the text.
    private readonly Dictionary<(int First, double Weight), int> _otherwiseWeighed = [];
    private readonly Dictionary<UInt128, int> _known = [];
    // The rows that were cut, each text once, and why nothing was read of them where that is so.
    private readonly Dictionary<int, string?> _cut = [];
    private EvidenceRows _rows;

    private AuditEvidence(IReadOnlyList<string> personas) => _rows = new EvidenceRows(personas);

    /// <summary>L[e,h] with weights and clusters, one row per episode in the order of the data.</summary>
    public EvidenceRows Rows => _rows;

    /// <summary>Tokens of the reply of every episode.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Whether a row was made of this episode: what it says now it said then.</summary>
    internal bool IsOf(int row, Episode episode) => row < _firstEqual.Count
        && _known.TryGetValue(EpisodeClusters.KeyOf(EpisodeClusters.TurnsOf(episode)), out int first) && first == _firstEqual[row];

    /// <summary>How many rows have the context, reply and weight of a first one, itself counted.</summary>
    public int Copies(int row) => _copies.GetValueOrDefault(row, 1);

    /// <summary>How many episodes differ in context, reply or weight; a choice is one.</summary>
    public int Different => Enumerable.Range(0, _rows.Count).Count(IsFirst);

    /// <summary>Whether a row is the last of its choice, if it is of one, and no row before it is equal: all of a choice stands in its
    /// last row.</summary>
    internal bool IsFirst(int row) => _rows.Together(row).End == row + 1 && _firstAlike[row] == row;

    /// <summary>Whether some of a row's episode did not fit into the model.</summary>
    internal bool IsCut(int row) => _cut.ContainsKey(_firstEqual[row]);

    /// <summary>Whether the model could not read a row's episode at all.</summary>
    internal bool IsUnread(int row) => _cut.GetValueOrDefault(_firstEqual[row]) is not null;

    /// <summary>Episodes that the source was asked for in this run.</summary>
    public long Scored { get; private set; }

    /// <summary>Episodes whose evidence was in the log already.</summary>
    public long Resumed { get; private set; }

    /// <summary>Episodes that are equal to an earlier one and have its evidence.</summary>
    public long Repeated { get; private set; }

    /// <summary>Episodes of which some did not fit into the model.</summary>
    public long Cut { get; private set; }

    /// <summary>Episodes that the model could not read at all; they say nothing.</summary>
    public long Unread { get; private set; }

    /// <summary>
    /// What a judge did with the questions about these episodes, in this run and before it; null where nobody judged, or the log of an
    /// older version does not say.
    /// </summary>
    public JudgementReliability? Judged { get; private set; }

    /// <summary>What stands or falls together in intervals: <c>contexts</c> or <c>lines</c>.</summary>
    public string Redrawn { get; private set; } = "contexts";

    /// <summary>The content id of what evidence depends on: the data, and where it comes from.</summary>
    public static ContentId IdOf(ContentId data, IEvidenceSource source) => ContentId.Of("audit",
        [data, EvidenceLog.KindName(source.Kind), source.Personas.Count, .. source.Personas,
            .. source.Provenance.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => new object[] { p.Key, p.Value })]);

    /// <summary>Takes evidence from the log as far as it goes and asks the source for the rest, block by block.</summary>
    /// <param name="survey">The data, and what a first look at them found.</param>
    /// <param name="source">Where evidence comes from.</param>
    /// <param name="log">Where it is kept.</param>
    /// <param name="progress">Told how many episodes are done.</param>
    /// <param name="cancellation">Stops between blocks; what is done is kept.</param>
    /// <exception cref="UserErrorException">An episode cannot be scored, the disk is full, or the data changed meanwhile
    /// (<c>data-changed</c>); of changed data nothing is kept.</exception>
    internal static AuditEvidence Collect(DataSurvey survey, IEvidenceSource source, EvidenceLog log,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var result = new AuditEvidence(source.Personas);
        result.Run(survey.Data, survey.Episodes, source, log, progress, cancellation);
        if (result._rows.Count == survey.Episodes && log.Count == survey.Episodes
            && survey.Files.SequenceEqual(survey.Data.Digests(cancellation)))
            return result;
        log.Undo();
        throw survey.Data.Changed();
    }

    private void Run(AuditData data, long episodes, IEvidenceSource source, EvidenceLog log, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        var clusters = new EpisodeClusters();
        var pending = new List<(Episode Episode, UInt128 Key, int Cluster, bool Second)>();
        using (IEnumerator<LoggedEvidence> logged = log.Entries().GetEnumerator())
        {
            foreach (DataLine l in data.Lines(cancellation: cancellation))
            {
                if (l.Episodes.Count == 0) continue;
                int cluster = clusters.Add(l.Episodes);
                foreach ((int i, Episode episode) in l.Episodes.Index())
                {
                    // What was preferred to it stands in the row before, unless that is not trained on.
                    bool second = i > 0 && episode.Preferred is not null;
                    UInt128 key = EpisodeClusters.KeyOf(EpisodeClusters.TurnsOf(episode));
                    if (logged.MoveNext())
                    {
                        Keep(logged.Current, episode.Weight, key, cluster, second);
                        Resumed++;
                        continue;
                    }
                    pending.Add((episode, key, cluster, second));
                    if (pending.Count == BlockSize) Score(pending, episodes, source, log, progress, cancellation);
                }
            }
        }
        Score(pending, episodes, source, log, progress, cancellation);
        Redrawn = clusters.Redrawn;
        if (clusters.ByLines) _rows = _rows.Regrouped(clusters.Of);
    }

    private void Score(List<(Episode Episode, UInt128 Key, int Cluster, bool Second)> pending, long total, IEvidenceSource source,
        EvidenceLog log, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (pending.Count == 0) return;
        cancellation.ThrowIfCancellationRequested();
        // Equal episodes are asked for once, here and in all that came before.
        var fresh = new Dictionary<UInt128, int>();
        var asked = new List<Episode>();
        foreach ((Episode episode, UInt128 key, _, _) in pending)
        {
            if (_known.ContainsKey(key) || !fresh.TryAdd(key, asked.Count)) continue;
            asked.Add(episode);
        }
        int before = _rows.Count;
        var share = progress is null ? null : new BlockProgress(progress, before, pending.Count, total);
        EvidenceBlock block = asked.Count > 0 ? source.Compute(asked, null, share, cancellation) : new EvidenceBlock([], []);
        Dictionary<int, EpisodeCut> cuts = block.Cuts.ToDictionary(c => c.Episode);
        var said = new HashSet<int>();
        LoggedEvidence[] entries = [.. pending.Select(p =>
        {
            if (!fresh.TryGetValue(p.Key, out int at))
            {
                int equal = _known[p.Key];
                bool cutLikewise = _cut.TryGetValue(equal, out string? unread);
                return new LoggedEvidence([.. _rows.Row(equal)], _tokens[equal], cutLikewise, unread)
                {
                    Shifts = _rows.Shifts(equal) is { IsEmpty: false } shifts ? [.. shifts] : null,
                };
            }
            EpisodeCut? cut = cuts.GetValueOrDefault(at);
            return new LoggedEvidence(block.Nats[at], block.Tokens[at], cut is not null, cut?.Unread)
            {
                Shifts = block.Shifts?[at],
                Judged = said.Add(at) ? block.Judged?[at] : null,
            };
        })];
        log.Append(entries);
        Scored += asked.Count;
        Repeated += pending.Count - asked.Count;
        foreach ((LoggedEvidence entry, (Episode episode, UInt128 key, int cluster, bool second)) in entries.Zip(pending))
            Keep(entry, episode.Weight, key, cluster, second);
        pending.Clear();
        progress?.Report(new WorkProgress("evidence", _rows.Count, total, "episodes"));
    }

    private void Keep(LoggedEvidence entry, double weight, UInt128 key, int cluster, bool second)
    {
        // The questions about an episode count once, however many are equal to it.
        if (_known.TryAdd(key, _rows.Count))
            Judged = _rows.Count == 0 ? entry.Judged : entry.Judged is { } more ? Judged?.Plus(more) : null;
        if (entry.Cut) _cut.TryAdd(_known[key], entry.Unread);
        _firstEqual.Add(_known[key]);
        int row = _rows.Count, alike = FirstAlike(_known[key], weight, row);
        _firstAlike.Add(alike);
        if (alike != row) _copies[alike] = _copies.GetValueOrDefault(alike, 1) + 1;
        _rows.Add(entry.Nats, weight, cluster, entry.Shifts, second);
        _tokens.Add(entry.Tokens);
        if (entry.Cut) Cut++;
        if (entry.Unread is not null) Unread++;
    }

    private int FirstAlike(int first, double weight, int row) =>
        first == row || _rows.Weight(first) == weight ? first
            : _otherwiseWeighed.TryGetValue((first, weight), out int other) ? other : _otherwiseWeighed[(first, weight)] = row;

    /// <summary>Turns the progress of one block into progress over all episodes.</summary>
    private sealed class BlockProgress(IProgress<WorkProgress> whole, int before, int count, long total) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            double part = value.Total > 0 ? Math.Clamp(value.Done / value.Total, 0, 1) : 0;
            whole.Report(new WorkProgress("evidence", before + (part * count), total, "episodes", value.Detail));
        }
    }
}
