using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Evidence from a language model that is told who speaks: L[e,h] = log mean_c p(y | c, x), c over the contexts that put persona h before
/// the model.
/// </summary>
public static class LikelihoodEvidence
{
    /// <summary>Scores every distinct episode once under every persona. A persona without contexts is the model as it is.</summary>
    /// <param name="model">The model.</param>
    /// <param name="episodes">The episodes; equal ones are scored once and keep a row each.</param>
    /// <param name="personas">The personas, with different names.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">An episode does not fit into the model's context or has a word it does not know.</exception>
    public static EvidenceTable Compute(ILanguageModel model, EpisodeSet episodes, IReadOnlyList<Persona> personas,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Compute(EvidenceKind.Likelihood, model, episodes, personas, progress, cancellation);

    internal static EvidenceTable Compute(EvidenceKind kind, ILanguageModel model, EpisodeSet episodes, IReadOnlyList<Persona> personas,
        IProgress<WorkProgress>? progress, CancellationToken cancellation) =>
        Compute(new LikelihoodSource([.. personas.Select(p => PresentedPersona.AsGiven(p, model))],
            new LikelihoodOptions { Kind = kind, Strict = true, Independent = false }),
            episodes, progress, cancellation);

    /// <summary>The whole table of a source at once; for data that goes into memory.</summary>
    /// <param name="source">The source.</param>
    /// <param name="episodes">The episodes.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static EvidenceTable Compute(IEvidenceSource source, EpisodeSet episodes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        EvidenceBlock block = source.Compute(episodes.Episodes, progress: progress, cancellation: cancellation);
        var distinct = new DistinctEpisodes(episodes.Episodes);
        Dictionary<int, EpisodeCut> cuts = block.Cuts.ToDictionary(c => c.Episode);
        EvidenceRow[] rows = [.. episodes.Episodes.Select((e, i) => new EvidenceRow(e.Id, e.Weight, block.Tokens[i], distinct.ClusterOf(i))
        {
            Cut = cuts.ContainsKey(i),
            Unread = cuts.GetValueOrDefault(i)?.Unread,
        })];
        var l = new LabelledMatrix(rows.Select(r => r.Id), source.Personas, (e, h) => block.Nats[e][h]);
        return new EvidenceTable(source.Kind, l, rows,
            new Dictionary<string, string>(source.Provenance) { ["episodes"] = episodes.Id.ToString() });
    }
}
