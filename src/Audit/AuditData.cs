using System.Security.Cryptography;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Audit;

/// <summary>What a first look at some data found.</summary>
/// <param name="Data">The data.</param>
/// <param name="Id">The content id of the files' bytes and of how they are read.</param>
/// <param name="Lines">Lines with training examples.</param>
/// <param name="Episodes">Episodes in them.</param>
/// <param name="BadLines">Lines left out because they hold no training example.</param>
/// <param name="ReplyCharacters">Characters of all replies.</param>
/// <param name="ContextCharacters">Characters of all contexts.</param>
/// <param name="Rejected">Episodes of negative weight: replies that training pushes away from.</param>
public sealed record DataSurvey(AuditData Data, ContentId Id, long Lines, long Episodes, long BadLines, long ReplyCharacters,
    long ContextCharacters, long Rejected)
{
    /// <summary>Episodes with a label that may have been meant as a verdict (<see cref="Episode.IsLabelledLikeAVerdict"/>).</summary>
    public long LabelledLikeAVerdict { get; init; }

    /// <summary>The SHA-256 of each file, in order.</summary>
    internal IReadOnlyList<string> Files { get; init; } = [];
}

/// <summary>The files that are audited, one after the other as one data set, never held in memory.</summary>
/// <param name="files">The files, in order.</param>
/// <param name="format">What every line is; without it each line says so by its fields.</param>
/// <param name="strict">Whether a bad line is an error.</param>
public sealed class AuditData(IReadOnlyList<string> files, EpisodeFormat? format = null, bool strict = false)
{
    /// <summary>The files, in order.</summary>
    public IReadOnlyList<string> Files { get; } = files;

    /// <summary>What every line is; null where each line says so by its fields.</summary>
    public EpisodeFormat? Format { get; } = format;

    /// <summary>Names of the files without folders and endings, joined.</summary>
    public string Name => string.Join("+", Files.Select(f => Path.GetFileName(f).Split('.')[0]));

    /// <summary>The lines in order.</summary>
    /// <param name="onBadLine">Told of lines that are left out.</param>
    /// <param name="cancellation">Stops between lines, those that are left out too.</param>
    /// <exception cref="UserErrorException">A file is missing, or a line is bad and that is an error.</exception>
    public IEnumerable<DataLine> Lines(Action<BadLine>? onBadLine = null, CancellationToken cancellation = default) =>
        Files.SelectMany(f => EpisodeFile.Lines(f, Format, Told(onBadLine), cancellation));

    /// <summary>Who is told of bad lines: nobody when the first is to be an error.</summary>
    internal Action<BadLine>? Told(Action<BadLine>? onBadLine = null) => strict ? null : onBadLine ?? (_ => { });

    /// <summary>The episodes in order.</summary>
    /// <param name="cancellation">Stops between lines.</param>
    public IEnumerable<Episode> Episodes(CancellationToken cancellation = default) =>
        Lines(cancellation: cancellation).SelectMany(l => l.Episodes);

    /// <summary>
    /// Some of the episodes, drawn evenly from all (reservoir sampling), in the order of the data; the same ones for the same seed.
    /// </summary>
    /// <param name="count">How many, or all where there are fewer.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="cancellation">Stops between lines.</param>
    public IReadOnlyList<Episode> Sample(int count, RngStream random, CancellationToken cancellation = default)
    {
        var drawn = new List<(int At, Episode Episode)>();
        foreach ((int at, Episode episode) in Episodes(cancellation).Index())
        {
            if (drawn.Count < count) drawn.Add((at, episode));
            else if (random.NextInt(at + 1) is var place && place < count) drawn[place] = (at, episode);
        }
        return [.. drawn.OrderBy(d => d.At).Select(d => d.Episode)];
    }

    /// <summary>Reads everything once, before anything is computed from it.</summary>
    /// <param name="onBadLine">Told of lines that are left out.</param>
    /// <param name="progress">Told how many lines were read.</param>
    /// <param name="cancellation">Stops between lines.</param>
    /// <exception cref="UserErrorException">A file is missing, is a pipe, holds no episode, or has a bad line and that is an error.
    /// </exception>
    public DataSurvey Survey(Action<BadLine>? onBadLine = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        foreach (string file in Files) EpisodeFile.RequireLasting(file);
        long lines = 0, episodes = 0, bad = 0, replies = 0, contexts = 0, rejected = 0, labelled = 0;
        bool choices = false, flagged = false;
        BadLine? first = null;
        void Tell()
        {
            if ((lines + bad) % 4096 == 0) progress?.Report(new WorkProgress("reading", lines + bad, 0, "lines"));
        }
        foreach (DataLine line in Lines(b =>
        {
            bad++;
            first ??= b;
            onBadLine?.Invoke(b);
            Tell();
        }, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            flagged |= line.Flagged;
            lines++;
            Tell();
            foreach (Episode episode in line.Episodes)
            {
                episodes++;
                if (episode.Weight < 0) rejected++;
                if (episode.IsLabelledLikeAVerdict) labelled++;
                choices |= episode.Preferred is not null;
                replies += episode.Reply.Length;
                foreach (Turn turn in episode.Context) contexts += turn.Text.Length;
            }
        }
        if (episodes == 0) throw EpisodeFile.NoEpisodes(string.Join(", ", Files), first);
        IReadOnlyList<string> digests = Digests(cancellation);
        return new DataSurvey(this, Id(choices, flagged, digests), lines, episodes, bad, replies, contexts, rejected)
        {
            LabelledLikeAVerdict = labelled,
            Files = digests,
        };
    }

    // Evidence of a rejected answer is not what it was before it became half of a choice, and a line of flagged messages has fewer
    // episodes than it had before flags were read.
    private ContentId Id(bool choices, bool flagged, IReadOnlyList<string> digests)
    {
        var parts = new List<object?> { Format?.ToString() };
        if (choices) parts.Add("choices");
        if (flagged) parts.Add("flagged");
        return ContentId.Of("data", [.. parts, .. digests]);
    }

    /// <summary>The SHA-256 of each file, in order.</summary>
    internal IReadOnlyList<string> Digests(CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[1 << 16];
        var digests = new List<string>();
        foreach (string file in Files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            for (int read; (read = stream.Read(block)) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(block, 0, read);
            }
            digests.Add(Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        return digests;
    }

    /// <summary>What is said of data that are not what they were.</summary>
    internal UserErrorException Changed() => new("data-changed", $"{string.Join(", ", Files)} changed while they were audited.",
        "Do not change the data meanwhile; run the command again.");
}
