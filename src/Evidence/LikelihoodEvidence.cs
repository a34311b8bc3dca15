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
    /// <param name="template">How dialogues become text; plain when absent.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">An episode does not fit into the model's context or has a word it does not know.</exception>
    public static EvidenceTable Compute(ILanguageModel model, EpisodeSet episodes, IReadOnlyList<Persona> personas, ChatTemplate? template = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Compute(EvidenceKind.Likelihood, model, episodes, personas, template ?? ChatTemplate.Plain, progress, cancellation);

    internal static EvidenceTable Compute(EvidenceKind kind, ILanguageModel model, EpisodeSet episodes, IReadOnlyList<Persona> personas,
        ChatTemplate template, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var distinct = new DistinctEpisodes(episodes.Episodes);
        var questions = new PersonaQuestions(personas, [.. distinct.Contexts.Select((c, i) => new Question(c, distinct.RepliesOf(i)))]);
        var scorer = new ReplyScorer(model, template);
        double[][] scores = scorer.Score(questions.All, "evidence", progress, cancellation);
        var tokens = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string reply in episodes.Episodes.Select(e => e.Reply).Distinct()) tokens[reply] = scorer.CountTokens(reply);
        EvidenceRow[] rows = [.. episodes.Episodes.Select((e, i) => new EvidenceRow(e.Id, e.Weight, tokens[e.Reply], distinct.ClusterOf(i)))];
        // personas x contexts x replies, alternatives averaged already
        double[][][] means = [.. Enumerable.Range(0, personas.Count).Select(h => questions.MeanOverAlternatives(scores, h))];
        var l = new LabelledMatrix(rows.Select(r => r.Id), personas.Select(p => p.Name), (e, h) => means[h][distinct.ContextOf(e)][distinct.ReplyOf(e)]);
        return new EvidenceTable(kind, l, rows, new Dictionary<string, string>
        {
            ["model"] = model.Id,
            ["personas"] = PersonaQuestions.IdOf(personas).ToString(),
            ["episodes"] = episodes.Id.ToString(),
            ["template"] = template.Name,
            ["persona-contexts"] = "turns before the episode; log of the mean over alternatives",
        });
    }
}
