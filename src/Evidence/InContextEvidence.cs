using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Evidence that needs no personas: each episode is shown as earlier turns of the conversation in which a probe is asked.
/// </summary>
public static class InContextEvidence
{
    /// <summary>The shift of every probe after every episode of a draw.</summary>
    /// <param name="model">The model, before any training.</param>
    /// <param name="shown">The episodes that are shown, and stand for all.</param>
    /// <param name="probes">The probes, with different ids; at least one.</param>
    /// <param name="options">How dialogues become text, and whether an episode that does not fit is an error; plain
    /// and cut when absent.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">A probe fills the model, or strict, and an episode does not fit before the probes.</exception>
    public static InContextTable Compute(ILanguageModel model, EpisodeDraw shown, IReadOnlyList<Probe> probes,
        LikelihoodOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var answers = new ScoredAnswers(model, [], options ?? new LikelihoodOptions { Independent = false });
        double[] before = [.. answers.AsItIs(probes, cancellation: cancellation).Select(r => r.Counted)];
        return Compute(answers, shown, probes, before, progress, cancellation);
    }

    /// <summary>The same for answers that may be had in another way.</summary>
    /// <param name="answers">How probes are answered.</param>
    /// <param name="shown">The episodes that are shown, and stand for all.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="before">P(low) of each probe when nothing is shown, as it was counted.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    public static InContextTable Compute(IProbeAnswers answers, EpisodeDraw shown, IReadOnlyList<Probe> probes,
        IReadOnlyList<double> before, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<Episode> episodes = shown.Episodes.Episodes;
        ShownBlock block = answers.Shown(probes, before).Compute(episodes, progress, cancellation);
        Dictionary<int, EpisodeCut> cuts = block.Cuts.ToDictionary(c => c.Episode);
        InContextRow[] rows = [.. episodes.Select((s, e) => new InContextRow(s.Id, s.Weight, shown.Clusters[e])
        {
            Cut = cuts.ContainsKey(e),
            Unread = cuts.GetValueOrDefault(e)?.Unread,
        })];
        var shifts = new LabelledMatrix(rows.Select(r => r.Id), probes.Select(p => p.Id), (e, i) => block.Shifts[e][i]);
        return new InContextTable(shifts, rows, new Dictionary<string, string>(answers.Provenance)
        {
            ["model"] = answers.Model,
            ["episodes"] = shown.Whole.Id.ToString(),
            ["probes"] = ProbeMeasurement.IdOf(probes).ToString(),
        });
    }
}
