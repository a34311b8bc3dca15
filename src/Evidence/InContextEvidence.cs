using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Evidence that needs no personas: each episode is shown as earlier turns of the conversation in which a probe is asked.
/// </summary>
public static class InContextEvidence
{
    /// <summary>The shift of every probe after every distinct episode.</summary>
    /// <param name="model">The model, before any training.</param>
    /// <param name="episodes">The episodes; equal ones are shown once and their weights added up.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="maximumEpisodes">
    /// Show at most this many distinct episodes; more are drawn without replacement (<paramref name="random"/>), and the weights of those
    /// shown are scaled up to stand for all.
    /// </param>
    /// <param name="random">Where the draw comes from; needed only when there are too many.</param>
    /// <param name="options">How dialogues become text, and whether an episode that does not fit is an error; plain
    /// and cut when absent.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">A probe fills the model, or strict, and an episode does not fit before the probes.</exception>
    public static InContextTable Compute(ILanguageModel model, EpisodeSet episodes, IReadOnlyList<Probe> probes,
        int maximumEpisodes = int.MaxValue, RngStream? random = null, LikelihoodOptions? options = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var answers = new ScoredAnswers(model, [], options ?? new LikelihoodOptions { Independent = false });
        double[] before = answers.AsItIs(probes, cancellation: cancellation);
        return Compute(answers, episodes, probes, before, maximumEpisodes, random, progress, cancellation);
    }

    /// <summary>The same for answers that may be had in another way.</summary>
    /// <param name="answers">How probes are answered.</param>
    /// <param name="episodes">The episodes.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="before">P(low) of each probe when nothing is shown.</param>
    /// <param name="maximumEpisodes">Show at most this many distinct episodes.</param>
    /// <param name="random">Where the draw comes from; needed only when there are too many.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    public static InContextTable Compute(IProbeAnswers answers, EpisodeSet episodes, IReadOnlyList<Probe> probes,
        IReadOnlyList<double> before, int maximumEpisodes = int.MaxValue, RngStream? random = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        EpisodeDraw.Drawn[] shown = EpisodeDraw.Choose(episodes, maximumEpisodes, random);
        ShownBlock block = answers.Shown(probes, before).Compute([.. shown.Select(s => s.Episode)], progress, cancellation);
        Dictionary<int, EpisodeCut> cuts = block.Cuts.ToDictionary(c => c.Episode);
        InContextRow[] rows = [.. shown.Select((s, e) => new InContextRow(s.Episode.Id, s.Weight, s.Cluster)
        {
            Cut = cuts.ContainsKey(e),
            Unread = cuts.GetValueOrDefault(e)?.Unread,
        })];
        var shifts = new LabelledMatrix(rows.Select(r => r.Id), probes.Select(p => p.Id), (e, i) => block.Shifts[e][i]);
        return new InContextTable(shifts, rows, new Dictionary<string, string>(answers.Provenance)
        {
            ["model"] = answers.Model,
            ["episodes"] = episodes.Id.ToString(),
            ["probes"] = ProbeMeasurement.IdOf(probes).ToString(),
        });
    }
}
