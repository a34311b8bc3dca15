using System.Globalization;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Personas;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>What is audited, with what.</summary>
/// <param name="Data">The files.</param>
/// <param name="Compare">The files to compare with; none for one audit alone.</param>
/// <param name="Folder">Where everything is written.</param>
/// <param name="Options">Dose and intervals.</param>
public sealed record AuditRequest(IReadOnlyList<string> Data, IReadOnlyList<string> Compare, string Folder, AuditOptions Options)
{
    internal const string OtherFolder = "compared";

    /// <summary>Other files that are read: personas, probes.</summary>
    public IReadOnlyList<string> Beside { get; init; } = [];

    /// <summary>What every line is; null where each line says so by its fields.</summary>
    public EpisodeFormat? Format { get; init; }

    /// <summary>Whether a bad line, or an episode that does not fit, is an error.</summary>
    public bool Strict { get; init; }

    /// <summary>Which episodes to write back; null for none.</summary>
    public KeepPlan? Keep { get; init; }

    /// <summary>Where the kept data go: a file, or a folder as <see cref="KeptData.Places"/> has it.</summary>
    public string? Out { get; init; }

    /// <summary>The command as it was given, for the report.</summary>
    public string Command { get; init; } = "psm audit";

    /// <summary>Arguments as they were given, for the record.</summary>
    public IReadOnlyDictionary<string, string> Given { get; init; } = new Dictionary<string, string>();

    /// <summary>Refuses to write over what is read; said before hours of work, not after.</summary>
    /// <exception cref="UserErrorException"><c>audit-in-place</c>: by a file of the audit; <c>keep-in-place</c>: by the kept data.
    /// </exception>
    public void RequireApart()
    {
        string[] read = [.. Data, .. Compare, .. Beside];
        foreach (string folder in (string[])[Folder, Path.Combine(Folder, OtherFolder)])
            foreach (string place in AuditFolder.Names.Select(n => Path.Combine(folder, n)))
                if (read.FirstOrDefault(f => FilePlace.Same(f, place)) is { } file)
                    throw new UserErrorException("audit-in-place", $"The audit would write over {file}, which it reads.",
                        "Choose another folder with -o, or give the file another name.");
        if (Out is { } kept) KeptData.Places(kept, Data, [.. Compare, .. Beside]);
    }

    /// <summary>Refuses places that nothing could be written to, before evidence is taken.</summary>
    /// <exception cref="UserErrorException"><c>cannot-write</c>.</exception>
    public void RequireWritable()
    {
        AtomicFile.RequireWritable(Folder);
        foreach (string place in Out is { } kept ? KeptData.Places(kept, Data) : [])
            AtomicFile.RequireWritable(Path.GetDirectoryName(Path.GetFullPath(place))!);
    }
}

/// <summary>What came of an audit.</summary>
/// <param name="Audit">The audit.</param>
/// <param name="Comparison">Beside other data; null when none were given.</param>
/// <param name="Kept">What was written back; null when nothing was asked for.</param>
/// <param name="Report">The place of the page.</param>
/// <param name="AmongExamples">Episodes that are word for word among the examples of the personas; on those, evidence
/// flatters who learnt them.</param>
public sealed record AuditOutcome(AuditResult Audit, CastComparison? Comparison, KeptVerdict? Kept, string Report, long AmongExamples)
{
    /// <summary>Cells that were asked for in this run; null for evidence that is not adaptive.</summary>
    public long? CellsNow { get; init; }

    /// <summary>Episodes with a label that may have been meant as a verdict, as <see cref="DataSurvey"/> has it.</summary>
    public long LabelledLikeAVerdict { get; init; }

    /// <summary>What came of holding the evidence against examples of known source; null where there were none.</summary>
    public EvidenceCheck? Check { get; init; }

    /// <summary>What is known of the judge from episodes of known source; null where nobody judges.</summary>
    public JudgementCalibration? Judge { get; init; }

    /// <summary>What the judge did with the questions about all of the data, as <see cref="AuditEvidence.Judged"/>.</summary>
    public JudgementReliability? Judged { get; init; }
}

/// <summary>Audits data with a source of evidence, tells the result as a report, and acts on it.</summary>
public static class Auditing
{

    /// <summary>Runs an audit; killed at any moment, the same call goes on and ends with the same bytes.</summary>
    /// <param name="request">What is audited.</param>
    /// <param name="personas">Who competes.</param>
    /// <param name="evidence">Where evidence comes from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onBadLine">Told of lines that are left out.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between blocks; what is done is kept.</param>
    public static AuditOutcome Run(AuditRequest request, PersonaSet personas, EvidenceSession evidence, TimeProvider time,
        Action<BadLine>? onBadLine = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        IEvidenceSource source = evidence.Source;
        if (source is AdaptiveCells && request.Compare.Count > 0)
            throw new ArgumentException("Adaptive evidence is of one set of data.", nameof(request));
        var data = new AuditData(request.Data, request.Format, request.Strict);
        request.RequireApart();
        DataSurvey survey = data.Survey(onBadLine, progress, cancellation);
        DataSurvey? otherSurvey = request.Compare.Count == 0 ? null
            : new AuditData(request.Compare, request.Format, request.Strict).Survey(onBadLine, progress, cancellation);
        var folder = new AuditFolder(request.Folder);
        folder.RequireSame(survey, source);
        using RunRecorder recorder = Recorder(request, source, time);
        AuditResult audit =
            Recorded(recorder, () => folder.Run(survey, source, personas, request.Options, recorder, progress, cancellation));
        // On examples that a persona has learnt by heart, evidence flatters it.
        long known = evidence.Overlap is { } overlap ? overlap.Count(data.Episodes(cancellation)) : 0;
        CastComparison? comparison = null;
        JudgementReliability? judged = audit.Evidence.Judged;
        if (otherSurvey is not null)
        {
            var beside = new AuditFolder(Path.Combine(request.Folder, AuditRequest.OtherFolder));
            AuditResult second =
                Recorded(recorder, () => beside.Run(otherSurvey, source, personas, request.Options, null, progress, cancellation));
            comparison = CastComparison.Of(audit, second);
            judged = second.Evidence.Judged is { } more ? judged?.Plus(more) : null;
            comparison.Save(Path.Combine(request.Folder, AuditFolder.ComparisonName));
        }
        KeptVerdict? kept = null;
        try
        {
            if (request.Keep is { } plan && request.Out is { } file)
                kept = KeptData.Write(file, data, KeptData.Decide(plan, audit.Cast, audit.Evidence.Tokens), plan.Weight, audit,
                    cancellation);
        }
        catch (UserErrorException)
        {
            // The audit is finished all the same.
            Finish();
            throw;
        }
        string page = Finish();
        return new AuditOutcome(audit, comparison, kept, page, known)
        {
            CellsNow = evidence.CellsNow,
            LabelledLikeAVerdict = survey.LabelledLikeAVerdict,
            Check = evidence.Check,
            Judge = evidence.Judge,
            Judged = judged,
        };

        string Finish()
        {
            string place = Write(AuditReport.Of(audit, personas, comparison, kept, evidence, known, request.Command), request.Folder);
            recorder.End();
            return place;
        }
    }

    private static RunRecorder Recorder(AuditRequest request, IEvidenceSource source, TimeProvider time)
    {
        var recorder = new RunRecorder(Path.Combine(request.Folder, AuditFolder.RecordName), "audit", request.Given, time);
        recorder.InForce("evidence", source.Kind);
        recorder.InForce("draws", request.Options.Draws);
        recorder.InForce("seed", request.Options.Seed);
        recorder.InForce("dose", request.Options.EffectiveObservations?.ToString(CultureInfo.InvariantCulture) ?? "fitted");
        foreach ((string role, string id) in source.Provenance) recorder.From(role, id);
        return recorder;
    }

    /// <summary>Writes the report, and tells the place of the page.</summary>
    private static string Write(ReportDocument document, string folder)
    {
        document.Save(Path.Combine(folder, AuditFolder.DocumentName));
        string page = Path.Combine(folder, AuditFolder.PageName);
        HtmlReport.Write(document, page);
        return page;
    }

    private static T Recorded<T>(RunRecorder recorder, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException)
        {
            recorder.End(RunStatus.Cancelled);
            throw;
        }
    }
}
