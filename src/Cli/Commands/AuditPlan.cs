using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Model;

namespace PersonaSelection.Cli.Commands;

/// <summary>What an audit would take, as <c>--dry-run</c> tells it.</summary>
internal static class AuditPlan
{
    public static int Print(IReadOnlyList<EvidenceRequest> requests, ModelFolder? source, EndpointSession? server, int threads, bool json,
        CancellationToken cancellation)
    {
        var bad = new PassedOver();
        DataSurvey[] surveys = [.. requests.Select(r => r.Data.Survey(bad.Add, cancellation: cancellation))];
        bad.Tell();
        EvidenceRequest first = requests[0];
        AuditCost? work = source is null ? null
            : requests.Select(r => AuditCost.Of(r, source.Model, cancellation)).Aggregate((a, b) => a.Plus(b));
        EndpointEstimate? estimate = source is null ? Estimate(requests, server!, cancellation) : null;
        int contexts = AuditCost.Contexts(first.Personas, served: server is not null);
        long replies = surveys.Sum(s => s.Episodes) * contexts;
        if (json) Screen.Data(new
        {
            Data = surveys.Select(s => new
            {
                Name = string.Join(", ", s.Data.Files),
                s.Episodes,
                s.Rejected,
                s.Lines,
                s.BadLines,
                s.ReplyCharacters,
                s.ContextCharacters,
            }),
            Evidence = first.Kind,
            Personas = first.Personas.Personas.Count,
            Contexts = contexts,
            Replies = replies,
            Probes = first.Kind == "in-context" ? first.Probes.Count : (int?)null,
            work?.Reading.Tokens,
            work?.Reading.Flops,
            Seconds = ReadingPlan.Seconds(work?.Reading),
            Fitted = work?.Fitted,
            Estimate = estimate,
        });
        else
            TextTable.PrintFacts([.. surveys.SelectMany(About), ("evidence", first.Kind),
                ("personas", $"{first.Personas.Personas.Count} in {contexts} contexts"),
                ("work", first.Kind switch
                {
                    "judgement" => null,
                    "in-context" => $"{(first.Samples is { } n ? $"{n} answers to each of " : "")}{first.Probes.Count:N0} probes after "
                        + "each of the episodes that differ, and under every context",
                    "gradient" => "a gradient of every episode that differs, and exact evidence of some",
                    _ => $"up to {replies:N0} replies to score",
                }),
                .. ReadingPlan.Facts(work?.Reading, threads), ("fitting", ReadingPlan.Fitting(work?.Fitted ?? 0)),
                .. estimate is null ? [] : EndpointSession.Facts(estimate)]);
        return ExitCode.Done;
    }

    private static (string, object?)[] About(DataSurvey s) =>
    [
        ("data", string.Join(", ", s.Data.Files)), ("episodes", $"{s.Episodes:N0} in {s.Lines:N0} lines"),
        ("rejected", s.Rejected > 0 ? $"{s.Rejected:N0} of the episodes: their weight is negative" : null),
        ("labels", s.LabelledLikeAVerdict > 0 ? RejectedEpisodes.Unsaid(s.LabelledLikeAVerdict) : null),
        ("bad lines", s.BadLines > 0 ? $"{s.BadLines:N0}" : null),
    ];

    /// <summary>What a server is asked; null when that costs nothing but time.</summary>
    private static EndpointEstimate? Estimate(IReadOnlyList<EvidenceRequest> requests, EndpointSession server,
        CancellationToken cancellation)
    {
        EndpointEstimate? total = null;
        foreach (EvidenceRequest request in requests)
        {
            EndpointEstimate? part = request.AsksChat ? EvidenceSources.EstimateAsked(request, server.Chat(), cancellation)
                : AuditCost.Served(request, server.Client.Prices);
            if (part is not null) total = total?.Plus(part) ?? part;
        }
        return total;
    }
}
