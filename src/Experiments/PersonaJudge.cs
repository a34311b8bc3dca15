using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>
/// A chat model as a judge of who would have given a reply, calibrated on the examples of the personas where at least two have some.
/// </summary>
internal static class PersonaJudge
{
    // Examples of known source that a judge is calibrated on, at most: in all, and of one persona.
    private const int MostKnown = 200, MostOfOne = 20;

    /// <summary>
    /// Evidence from a judge who gives no probabilities. Every answer is kept as it was given in <c>judgements.jsonl</c>.
    /// </summary>
    /// <param name="personas">Who competes.</param>
    /// <param name="judge">The judge.</param>
    /// <param name="folder">Where the answers are kept.</param>
    /// <param name="progress">Told about questions.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <exception cref="UserErrorException"><c>few-personas</c>, <c>judge-unreadable</c>, or the judge fails.</exception>
    public static JudgementEvidence Of(PersonaSet personas, IChatModel judge, string folder, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        (Episode, int)[] known = KnownSources(personas, cancellation);
        JudgementEvidence source = Evidence(personas, judge, new JudgementLog(Path.Combine(folder, AuditFolder.JudgementsName)));
        return known.Length > 0 ? source.Calibrate(known, progress, cancellation) : source;
    }

    /// <summary>What judging would take, of everything that is not in the cache yet; null when it costs nothing but time.</summary>
    /// <param name="personas">Who competes.</param>
    /// <param name="episodes">What is to be judged, each once.</param>
    /// <param name="judge">The judge.</param>
    /// <param name="cancellation">Stops between episodes.</param>
    public static EndpointEstimate? Estimate(PersonaSet personas, IEnumerable<Episode> episodes, IChatModel judge,
        CancellationToken cancellation = default)
    {
        JudgementEvidence source = Evidence(personas, judge, null);
        (Episode Episode, int)[] known = KnownSources(personas, cancellation);
        return EvidenceSources.ByBlock(source.Estimate([.. known.Select(k => k.Episode)]), episodes, source.Estimate, cancellation);
    }

    private static JudgementEvidence Evidence(PersonaSet personas, IChatModel judge, JudgementLog? log) => personas.Personas.Count < 2
        ? throw new UserErrorException("few-personas", "A judge chooses among personas, and there is one only.",
            "Give it at least two personas.")
        : new JudgementEvidence(judge, personas.Personas, null, null, log);

    /// <summary>
    /// Examples with the persona that said them, one of each in every turn, in an order by chance, as a calibration halves them by their
    /// places. None where fewer than two personas have some, or there are too few in all.
    /// </summary>
    internal static (Episode Episode, int Persona)[] KnownSources(PersonaSet personas, CancellationToken cancellation = default)
    {
        IReadOnlyList<PersonaExamples> all = PersonaExamples.Load(personas,
            personas.Personas.Where(p => p.Examples is not null), cancellation);
        if (all.Count < 2) return [];
        int each = Math.Clamp(MostKnown / all.Count, 2, MostOfOne);
        (Episode, int)[] known = [.. all.SelectMany(a =>
            a.HeldOut.Concat(a.Learnt).Take(each).Select((e, i) => (Turn: i, Episode: e, Persona: personas.IndexOf(a.Persona.Name))))
            .OrderBy(k => k.Turn).ThenBy(k => k.Episode.TextId.ToString(), StringComparer.Ordinal).Select(k => (k.Episode, k.Persona))];
        return known.Length >= JudgementEvidence.LeastKnown ? known : [];
    }
}
