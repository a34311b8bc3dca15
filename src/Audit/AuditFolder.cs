using System.Globalization;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Audit;

/// <summary>A finished audit.</summary>
/// <param name="Verdict">Who the data cast as the Assistant.</param>
/// <param name="Cast">The same with every row behind it.</param>
/// <param name="Evidence">The evidence and how it was come by.</param>
/// <param name="Telling">The episodes that tell most: first those that moved the cast, then those that held it back.</param>
public sealed record AuditResult(CastVerdict Verdict, AuditedCast Cast, AuditEvidence Evidence, IReadOnlyList<TellingEpisode> Telling)
{
    /// <summary>How the evidence was obtained.</summary>
    public required EvidenceKind Kind { get; init; }
}

/// <summary>
/// The folder of an audit: <c>evidence.jsonl</c>, which grows while evidence comes in; then, each written whole, <c>ledger.jsonl</c> and
/// <c>cast.json</c>. Killed at any moment, the same call goes on and ends with the same bytes.
/// </summary>
/// <param name="folder">Where it is.</param>
public sealed class AuditFolder(string folder)
{
    private const string LogName = "evidence.jsonl", LedgerName = "ledger.jsonl", CastName = "cast.json";

    /// <summary>Beside these, what an audit keeps of itself.</summary>
    public const string RecordName = "run.json", ComparisonName = "comparison.json", DocumentName = "report.json",
        PageName = "report.html", CellsName = "cells.jsonl", GuideName = "guide.jsonl", JudgementsName = "judgements.jsonl";

    /// <summary>The names of all files that an audit writes.</summary>
    public static IReadOnlyList<string> Names { get; } = [LogName, LedgerName, CastName, RecordName, ComparisonName, DocumentName,
        PageName, CellsName, GuideName, JudgementsName];

    /// <summary>The place of the evidence log.</summary>
    public string LogPath => Path.Combine(folder, LogName);

    /// <summary>The place of the ledger.</summary>
    public string LedgerPath => Path.Combine(folder, LedgerName);

    /// <summary>The place of the verdict.</summary>
    public string CastPath => Path.Combine(folder, CastName);

    /// <summary>Refuses a folder with evidence of something else, before anything is written.</summary>
    /// <param name="survey">What a first look at the data found.</param>
    /// <param name="source">Where evidence comes from.</param>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public void RequireSame(DataSurvey survey, IEvidenceSource source) =>
        EvidenceLog.RequireSame(LogPath, AuditEvidence.IdOf(survey.Id, source), source);

    /// <summary>Refuses a folder with evidence of another kind or of other personas, before personas are fitted.</summary>
    /// <param name="kind">How evidence is to be obtained, as the command line has it.</param>
    /// <param name="personas">Their names, in order.</param>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public void RequireKin(string kind, IEnumerable<string> personas) => EvidenceLog.RequireKin(LogPath, kind, personas);

    /// <summary>
    /// Deletes an evidence log that was derived from cells in another way: from the same cells at another dose, say. Other logs stay.
    /// </summary>
    /// <param name="survey">What a first look at the data found.</param>
    /// <param name="source">The evidence as it is wanted now; its cells are those of this folder.</param>
    public void ForgetOther(DataSurvey survey, AdaptiveCells source)
    {
        if (!File.Exists(LogPath)) return;
        string header = File.ReadLines(LogPath).FirstOrDefault() ?? "";
        bool derived = header.Contains("\"kind\":\"adaptive\"", StringComparison.Ordinal);
        if (derived && !header.Contains($"\"{AuditEvidence.IdOf(survey.Id, source)}\"", StringComparison.Ordinal)) File.Delete(LogPath);
    }

    /// <summary>Audits some data.</summary>
    /// <param name="survey">The data, and what a first look at them found.</param>
    /// <param name="source">Where evidence comes from.</param>
    /// <param name="personas">Who competes: the personas of the source, in its order.</param>
    /// <param name="options">Dose and intervals.</param>
    /// <param name="recorder">Keeps the record of the run, if any.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between blocks; what is done is kept.</param>
    /// <exception cref="UserErrorException"><c>other-audit</c>, <c>audit-busy</c>, <c>data-changed</c>, <c>impossible-evidence</c>, or an
    /// episode cannot be scored.</exception>
    public AuditResult Run(DataSurvey survey, IEvidenceSource source, PersonaSet personas, AuditOptions options,
        RunRecorder? recorder = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        AuditData data = survey.Data;
        if (!source.Personas.SequenceEqual(personas.Personas.Select(p => p.Name), StringComparer.Ordinal))
            throw new ArgumentException("The source has other personas.", nameof(source));
        ContentId id = AuditEvidence.IdOf(survey.Id, source);
        using EvidenceLog log = EvidenceLog.Open(LogPath, id, source);
        log.RequireAtMost(survey.Episodes);
        // What a killed process left half written; the log is ours, so nobody is writing it now.
        foreach (string name in Names) AtomicFile.DeleteHalves(Path.Combine(folder, name));
        AuditEvidence evidence;
        using (recorder?.Time("evidence")) evidence = AuditEvidence.Collect(survey, source, log, progress, cancellation);
        AuditedCast cast;
        using (recorder?.Time("cast"))
            cast = new AuditedCast(evidence.Rows, personas, options, (source as InContextSource)?.Answers, source.OffsetError,
                progress, cancellation);
        IReadOnlyList<TellingEpisode> telling;
        using (recorder?.Time("ledger"))
            telling = Ledger.Write(LedgerPath, data, cast, evidence, progress: progress, cancellation: cancellation);
        CastVerdict verdict = cast.Verdict(data.Name, source.Kind) with
        {
            Ledger = LedgerPath,
            BadLines = survey.BadLines,
            Cut = evidence.Cut,
            Unread = evidence.Unread,
            Redrawn = evidence.Redrawn,
            Adaptive = (source as AdaptiveCells)?.Verdict,
            Provenance = new SortedDictionary<string, string>(source.Provenance.ToDictionary(), StringComparer.Ordinal)
            {
                ["data"] = survey.Id.ToString(),
                ["evidence-log"] = id.ToString(),
                ["library"] = personas.Id.ToString(),
            },
        };
        verdict.Save(CastPath);
        recorder?.From("data", survey.Id.ToString());
        recorder?.Made("evidence", id.ToString());
        recorder?.Made("ledger", ContentId.OfFile("ledger", LedgerPath).ToString());
        recorder?.Made("cast", ContentId.OfFile("cast", CastPath).ToString());
        recorder?.Check("nothing-scored-twice", evidence.Scored + evidence.Resumed + evidence.Repeated == survey.Episodes,
            string.Create(CultureInfo.InvariantCulture, $"{survey.Episodes} episodes: {evidence.Resumed} from the log, "
                + $"{evidence.Scored} scored, {evidence.Repeated} equal to these"));
        return new AuditResult(verdict, cast, evidence, telling) { Kind = source.Kind };
    }
}
