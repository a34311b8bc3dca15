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
        options ??= new LikelihoodOptions { Independent = false };
        Shown[] shown = Choose(episodes, maximumEpisodes, random);
        double[] before = ProbeMeasurement.Of(model, probes, template: options.Template, cancellation: cancellation);
        ShownBlock block = new ShownShifts(model, probes, before, options)
            .Compute([.. shown.Select(s => s.Episode)], progress, cancellation);
        Dictionary<int, EpisodeCut> cuts = block.Cuts.ToDictionary(c => c.Episode);
        InContextRow[] rows = [.. shown.Select((s, e) => new InContextRow(s.Episode.Id, s.Weight, s.Cluster)
        {
            Cut = cuts.ContainsKey(e),
            Unread = cuts.GetValueOrDefault(e)?.Unread,
        })];
        var shifts = new LabelledMatrix(rows.Select(r => r.Id), probes.Select(p => p.Id), (e, i) => block.Shifts[e][i]);
        return new InContextTable(shifts, rows, new Dictionary<string, string>
        {
            ["model"] = model.Id,
            ["episodes"] = episodes.Id.ToString(),
            ["probes"] = ProbeMeasurement.IdOf(probes).ToString(),
            ["template"] = options.Template.Name,
        });
    }

    /// <summary>
    /// A question with the latest of its context, at most a third of what the model reads, so that episodes can be shown before it; null
    /// where the model cannot read it.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="probe">The question.</param>
    /// <param name="options">How dialogues become text.</param>
    public static Probe? Askable(ILanguageModel model, Probe probe, LikelihoodOptions options)
    {
        var nobody = PresentedPersona.AsGiven(new Persona("", "", "", new Dictionary<string, double>()), model);
        var fit = new EpisodeFit(model.Tokenizer, model.ContextLength / 3, options with { Strict = false }, [nobody]);
        string longest = probe.Low.Concat(probe.High).MaxBy(r => r.Length)!;
        return fit.Of(new Episode(probe.Id, probe.Context, longest)) is { Reply.Length: > 0 } kept
            ? probe with { Context = kept.Context } : null;
    }

    internal static Shown[] Choose(EpisodeSet episodes, int maximum, RngStream? random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximum);
        var distinct = new DistinctEpisodes(episodes.Episodes);
        Shown[] all = [.. Enumerable.Range(0, episodes.Episodes.Count).GroupBy(e => (distinct.ContextOf(e), distinct.ReplyOf(e)))
            .Select(g => new Shown(episodes.Episodes[g.First()], g.Sum(e => episodes.Episodes[e].Weight), distinct.ClusterOf(g.First())))];
        if (all.Length <= maximum) return all;
        if (random is null) throw new ArgumentNullException(nameof(random), "There are more episodes than may be shown: a draw is needed.");
        int[] order = [.. Enumerable.Range(0, all.Length)];
        random.Shuffle<int>(order);
        double scale = (double)all.Length / maximum;
        return [.. order.Take(maximum).Order().Select(i => all[i] with { Weight = all[i].Weight * scale })];
    }

    internal sealed record Shown(Episode Episode, double Weight, string Cluster);
}
