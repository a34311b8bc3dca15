using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>Evidence of which some cells were asked for and the others estimated.</summary>
/// <param name="Table">An estimate for every cell; exact where <paramref name="Exact"/> says so.</param>
/// <param name="Exact">[episode][persona]: whether the cell was asked for.</param>
/// <param name="Bound">With the planned confidence the posterior at the dose is within this total variation of that
/// of the full table.</param>
/// <param name="Share">Share of the cells that were asked for, equal episodes counted each.</param>
/// <param name="Met">Whether the bound reached the target.</param>
public sealed record AdaptiveTable(EvidenceTable Table, bool[][] Exact, double Bound, double Share, bool Met);

/// <summary>
/// Evidence for a posterior, asked of a source only where it matters: <see cref="SoftmaxCompletion"/> decides which episodes are asked for
/// under all personas, and which personas for all episodes.
/// </summary>
/// <remarks>
/// Not an <see cref="IEvidenceSource"/>: what an estimated cell gets depends on all episodes. In an estimated cell, what the personas of a
/// row share is known only where some persona was asked for in that row.
/// </remarks>
public sealed class AdaptiveEvidence
{
    private readonly IEvidenceSource _source;
    private readonly IEvidenceSource? _guide;
    private readonly IReadOnlyList<double> _prior;
    private readonly CompletionPlan _plan;

    /// <summary>Evidence out of one source.</summary>
    /// <param name="source">Gives exact evidence of some episodes under some personas.</param>
    /// <param name="prior">Prior weight of each persona, in the order of the source.</param>
    /// <param name="plan">How far to go.</param>
    /// <param name="guide">A cheap source with the same personas, such as gradients: only what it misses is then estimated.</param>
    /// <exception cref="ArgumentException">Priors or the guide do not fit the personas.</exception>
    public AdaptiveEvidence(IEvidenceSource source, IReadOnlyList<double> prior, CompletionPlan? plan = null, IEvidenceSource? guide = null)
    {
        if (prior.Count != source.Personas.Count) throw new ArgumentException("Every persona needs a prior.", nameof(prior));
        if (guide is not null && !guide.Personas.SequenceEqual(source.Personas, StringComparer.Ordinal))
            throw new ArgumentException("The guide has other personas.", nameof(guide));
        (_source, _guide, _prior, _plan) = (source, guide, prior, plan ?? new CompletionPlan());
    }

    /// <summary>Asks until the posterior is known well enough or the cells are used up.</summary>
    /// <param name="episodes">The episodes; equal ones are asked for once.</param>
    /// <param name="dose">The dose at which the posterior is wanted.</param>
    /// <param name="progress">Told about cells asked for, out of those that may be.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">An episode cannot be scored.</exception>
    public AdaptiveTable Compute(EpisodeSet episodes, double dose, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var distinct = new DistinctEpisodes(episodes.Episodes);
        var row = new Dictionary<(int, int), int>();
        var different = new List<Episode>();
        var of = new int[episodes.Episodes.Count];
        for (int e = 0; e < of.Length; e++)
        {
            if (!row.TryGetValue((distinct.ContextOf(e), distinct.ReplyOf(e)), out of[e]))
            {
                row[(distinct.ContextOf(e), distinct.ReplyOf(e))] = of[e] = different.Count;
                different.Add(episodes.Episodes[e]);
            }
        }
        var weights = new double[different.Count];
        for (int e = 0; e < of.Length; e++) weights[of[e]] += episodes.Episodes[e].Weight;
        var tokens = new int[different.Count];
        double asked = 0, total = _plan.MaximumShare * different.Count * _prior.Count;
        CompletedTable found = SoftmaxCompletion.Run(weights, [.. _prior.Select(p => Math.Log(p))], dose, (rows, columns) =>
        {
            EvidenceBlock block = _source.Compute([.. rows.Select(r => different[r])], columns, null, cancellation);
            for (int i = 0; i < rows.Length; i++) tokens[rows[i]] = block.Tokens[i];
            asked += (double)rows.Length * columns.Length;
            progress?.Report(new WorkProgress("evidence", asked, Math.Max(asked, total), "cells"));
            return block.Nats;
        }, _plan, _guide?.Compute(different, null, null, cancellation).Nats);
        EvidenceRow[] lines =
            [.. episodes.Episodes.Select((e, i) => new EvidenceRow(e.Id, e.Weight, tokens[of[i]], distinct.ClusterOf(i)))];
        var values = new LabelledMatrix(lines.Select(l => l.Id), _source.Personas, (e, h) => found.Values[of[e]][h]);
        var provenance = new Dictionary<string, string>(_source.Provenance)
        {
            ["episodes"] = episodes.Id.ToString(),
            ["cells"] = string.Create(CultureInfo.InvariantCulture, $"{found.Share:P1} asked for, the others estimated, "
                + $"for a posterior at dose {dose:R} within {found.Bound:G3} of the full one ({_plan.Confidence:P0})"),
        };
        if (_guide is not null) provenance["guide"] = ContentId.Of("guide", [.. ContentId.Parts(_guide.Provenance)]).ToString();
        return new AdaptiveTable(new EvidenceTable(_source.Kind, values, lines, provenance), [.. of.Select(r => found.Known[r])],
            found.Bound, found.Share, found.Met);
    }
}
