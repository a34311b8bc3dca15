using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Evidence from a world whose truth is known: the same quantity as <see cref="LikelihoodEvidence"/> without a learner between.
/// </summary>
public static class OracleEvidence
{
    /// <summary>Through an oracle that reads text: a world that is a language model.</summary>
    /// <param name="oracle">Gives exact probabilities.</param>
    /// <param name="episodes">The episodes.</param>
    /// <param name="personas">The personas, with different names.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static EvidenceTable Compute(ILanguageModel oracle, EpisodeSet episodes, IReadOnlyList<Persona> personas,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        LikelihoodEvidence.Compute(EvidenceKind.Oracle, oracle, episodes, personas, progress, cancellation);

    /// <summary>Through a formula: log p(reply | context, persona) in nats for an episode and the name of a persona.</summary>
    /// <param name="source">The content id of what knows the truth.</param>
    /// <param name="episodes">The episodes.</param>
    /// <param name="personas">Names of the personas, which need no contexts here; at least one.</param>
    /// <param name="logLikelihood">The formula.</param>
    /// <exception cref="ArgumentException">There is no persona.</exception>
    public static EvidenceTable FromFormula(string source, EpisodeSet episodes, IReadOnlyList<string> personas,
        Func<Episode, string, double> logLikelihood)
    {
        if (personas.Count == 0) throw new ArgumentException("There is no persona.", nameof(personas));
        var distinct = new DistinctEpisodes(episodes.Episodes);
        EvidenceRow[] rows = [.. episodes.Episodes.Select((e, i) => new EvidenceRow(e.Id, e.Weight, 0, distinct.ClusterOf(i)))];
        var l = new LabelledMatrix(rows.Select(r => r.Id), personas, (e, h) =>
        {
            Episode episode = episodes.Episodes[e];
            double own = logLikelihood(episode, personas[h]);
            return episode.Preferred is { } preferred
                ? LogSpace.LogSumExp([own, logLikelihood(episode with { Reply = preferred, Preferred = null }, personas[h])]) : own;
        });
        return new EvidenceTable(EvidenceKind.Oracle, l, rows, new Dictionary<string, string>
        {
            ["model"] = source,
            ["episodes"] = episodes.Id.ToString(),
            ["persona-contexts"] = "none: the oracle is told who speaks",
        });
    }
}
