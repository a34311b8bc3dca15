using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>The cast of some evidence, and what every single row of it does to that cast.</summary>
public sealed class AuditedCast
{
    private readonly PersonaSet _personas;
    private readonly AuditOptions _options;
    private readonly OffsetError? _error;
    private readonly EpisodeInfluence _influence;
    private readonly double[] _logPrior;
    private readonly int _redrawn;

    /// <summary>Estimates the cast.</summary>
    /// <param name="rows">The evidence; its personas are those of the set, in its order.</param>
    /// <param name="personas">Who competes.</param>
    /// <param name="options">Dose and intervals.</param>
    /// <param name="answers">What made evidence of sampled answers; null for other evidence.</param>
    /// <param name="error">How far the evidence of each persona may be off in all rows alike; null where that is not known.</param>
    /// <param name="progress">Told how many draws are done.</param>
    /// <param name="cancellation">Stops between draws.</param>
    /// <exception cref="UserErrorException"><c>impossible-evidence</c>.</exception>
    public AuditedCast(EvidenceRows rows, PersonaSet personas, AuditOptions options, SampledReweighing? answers = null,
        OffsetError? error = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        (Rows, _personas, _options, Answers, _error) = (rows, personas, options, answers, error);
        _redrawn = rows.WeightedClusters.Length;
        IsRedrawn = options.Draws > 0 && _redrawn > 1;
        Names = [.. personas.Personas.Select(p => p.Name)];
        Traits = [.. personas.Traits.Select(t => t.Name)];
        double[,] values = personas.TraitMatrix;
        var traits = new LabelledMatrix(Names, Traits, (h, k) => values[h, k]);
        PersonaDistribution prior = PersonaDistribution.FromWeights(Names, personas.Prior);
        _logPrior = [.. prior.LogProbabilities];
        Estimate = CastEstimate.Of(prior, rows, traits, options.Plan, answers, error, progress, cancellation);
        _influence = new EpisodeInfluence(prior, rows, Estimate.Dose.Dose, traits);
    }

    /// <summary>The evidence.</summary>
    public EvidenceRows Rows { get; }

    /// <summary>What made evidence of sampled answers; null for other evidence.</summary>
    public SampledReweighing? Answers { get; }

    /// <summary>Whether there are intervals: one cluster that has a weight cannot be drawn again.</summary>
    public bool IsRedrawn { get; }

    /// <summary>Names of the personas.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Names of the traits.</summary>
    public IReadOnlyList<string> Traits { get; }

    /// <summary>The cast with its intervals.</summary>
    public CastEstimate Estimate { get; }

    /// <summary>The most probable persona, by number.</summary>
    public int Leading => _influence.Leading;

    /// <summary>The cast of other evidence, come by in the same way: the same personas, dose and intervals.</summary>
    /// <param name="rows">The evidence.</param>
    /// <param name="cancellation">Stops between draws.</param>
    internal AuditedCast With(EvidenceRows rows, CancellationToken cancellation) =>
        new(rows, _personas, _options, Answers, _error, cancellation: cancellation);

    /// <summary>What one row does.</summary>
    public RowInfluence Of(int row) => _influence.Of(row);

    /// <summary>What a row does together with those that it goes with, whose pulls add up; influence is that of the first.</summary>
    internal RowInfluence Whole(int row)
    {
        (int first, int end) = Rows.Together(row);
        RowInfluence[] halves = [.. Enumerable.Range(first, end - first).Select(Of)];
        return halves[0] with { Pull = halves.Sum(half => half.Pull) };
    }

    /// <summary>P(persona | this row), by persona; NaN when none could have spoken it.</summary>
    public double[] Speaker(int row) => Estimate.Speaker(Rows.Row(row));

    /// <summary>Evidence of a row relative to what the prior expects: log p(y|h) - log sum_h' p0(h') p(y|h'), nats, by persona.</summary>
    public double[] Relative(int row)
    {
        ReadOnlySpan<double> l = Rows.Row(row);
        var joint = new double[l.Length];
        for (int h = 0; h < joint.Length; h++) joint[h] = _logPrior[h] + l[h];
        double mean = LogSpace.LogSumExp(joint);
        for (int h = 0; h < joint.Length; h++) joint[h] = double.IsNegativeInfinity(mean) ? 0 : l[h] - mean;
        return joint;
    }

    /// <summary>The same of a row and those that it goes with: of a choice log p(chosen | one of the two, h), less what the prior expects.
    /// </summary>
    internal double[] RelativeOfWhole(int row)
    {
        (int first, int end) = Rows.Together(row);
        double[] own = Relative(first);
        // Who would give neither answer was ruled out by the chosen one.
        return end - first == 1 ? own : [.. own.Zip(Relative(first + 1), (c, both) => double.IsNegativeInfinity(c) ? c : c - both)];
    }

    /// <summary>The verdict.</summary>
    /// <param name="data">What the data are called.</param>
    /// <param name="kind">How the evidence was obtained.</param>
    public CastVerdict Verdict(string data, EvidenceKind kind)
    {
        CastEstimate e = Estimate;
        // What the prior expects of those who could have spoken all of it.
        int[] possible = [.. Enumerable.Range(0, Names.Count).Where(h => double.IsFinite(_logPrior[h]) && double.IsFinite(e.Total[h]))];
        double typical = possible.Sum(h => Math.Exp(_logPrior[h]) * e.Total[h]) / possible.Sum(h => Math.Exp(_logPrior[h]));
        // What showing an episode does is no probability of it, and tells nothing of how often each persona spoke.
        double? Share(double x) => kind == EvidenceKind.InContext ? null : Known(x);
        double? End(double x) => IsRedrawn ? x : null;
        var personas = Names.Select((name, h) => new PersonaVerdict(name, _personas.Personas[h].Kind, Math.Exp(_logPrior[h]),
            e.Probabilities[h].Estimate, End(e.Probabilities[h].Low), End(e.Probabilities[h].High), Share(e.Shares[h].Estimate),
            IsRedrawn ? Share(e.Shares[h].Low) : null, IsRedrawn ? Share(e.Shares[h].High) : null,
            Rows.Mass > 0 ? Known((e.Total[h] - typical) / Rows.Mass) : null));
        return new CastVerdict
        {
            Data = data,
            Episodes = Rows.Count,
            Rejected = Enumerable.Range(0, Rows.Count).Count(row => Rows.Weight(row) < 0),
            Evidence = EvidenceLog.KindName(kind),
            // A stable order: equal probabilities stay in the order of the file.
            Personas = [.. personas.OrderByDescending(p => p.Posterior)],
            Traits = [.. e.Traits.Select(t =>
                new TraitVerdict(t.Trait, t.Prior, t.Posterior.Estimate, End(t.Posterior.Low), End(t.Posterior.High)))],
            EffectivePersonas = e.Posterior.EffectivePersonas,
            Dose = e.Dose.Dose,
            DoseFit = new DoseVerdict(e.Dose.Outcome, e.Dose.EffectiveObservations, e.Dose.Gain, e.Dose.Attainable, e.Dose.Information),
            Ledger = null,
            Clusters = _redrawn,
        };
    }

    private static double? Known(double x) => double.IsFinite(x) ? x : null;
}
