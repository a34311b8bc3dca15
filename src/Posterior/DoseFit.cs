using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>How the search for a dose ended.</summary>
public enum DoseOutcome
{
    /// <summary>The behaviour is at the target already: dose 0.</summary>
    NoChangeNeeded,

    /// <summary>The target is reached at the dose.</summary>
    Attained,

    /// <summary>No dose reaches the target; the dose gives most of what can be had.</summary>
    Saturated,

    /// <summary>
    /// The search stopped where the update would use more information than the target holds: at dose 0 where any dose does, as one that
    /// rules a persona out may.
    /// </summary>
    InformationBound,

    /// <summary>
    /// No dose brings the situation closer to the target by more than the tolerance, so nothing there tells the dose: dose 0.
    /// </summary>
    OutOfReach,

    /// <summary>No probe knows the replies of the data, so nothing was fitted: the whole set counts as one observation.</summary>
    OneObservation,
}

/// <summary>Bounds of the search for a dose.</summary>
/// <param name="MaximumEffectiveObservations">Largest beta * sum_e |w_e|.</param>
/// <param name="Tolerance">A probability this close to the target is at the target; a change no larger than this is none.</param>
/// <param name="AttainableShare">When the target is out of reach, the smallest dose that gives this share of the largest change.</param>
/// <param name="InformationSlack">
/// KL(p(h|D) || p0(h)) may not exceed this many times KL(target || before). Moving a rate that far takes at least KL(target || before), so
/// a dose that spends much more is selecting personas for something else than the behaviour it is fitted to.
/// </param>
public sealed record DosePlan(double MaximumEffectiveObservations = 2, double Tolerance = 0.02, double AttainableShare = 0.95,
    double InformationSlack = 2);

/// <summary>
/// One dose beta, fitted on the trained situation alone: the predicted behaviour there is brought to a target that is known without
/// looking anywhere else, so that every other prediction is out of sample.
/// </summary>
/// <param name="Dose">beta, per unit of weight.</param>
/// <param name="EffectiveObservations">beta * sum_e |w_e|: how many observations the whole set counts for.</param>
/// <param name="Before">Probability of the low pole in the trained situation before the update.</param>
/// <param name="Target">Where it should go.</param>
/// <param name="Attained">Where the dose takes it.</param>
/// <param name="Information">KL(p(h|D) || p0(h)) at the dose, in nats.</param>
/// <param name="Outcome">How the search ended.</param>
public sealed record DoseFit(double Dose, double EffectiveObservations, double Before, double Target, double Attained, double Information,
    DoseOutcome Outcome)
{
    private const int GridSize = 240;
    private const double SmallestShareOfMaximum = 1e-4;

    /// <summary>Fits the dose.</summary>
    /// <param name="prior">p0.</param>
    /// <param name="observations">The training set.</param>
    /// <param name="behaviour">p(low | trained situation, h), in the order of the prior; see
    /// <see cref="BehaviourTable.MeanByPersona"/>.</param>
    /// <param name="target">
    /// The probability of the low pole to reach there: the rate of the data's own replies, known before any training, or a measurement.
    /// </param>
    /// <param name="before">Measured before the update; the personas' own mean when absent. Changes count from here.</param>
    /// <param name="plan">Bounds of the search.</param>
    public static DoseFit Fit(PersonaDistribution prior, Observations observations, ReadOnlySpan<double> behaviour, double target,
        double? before = null, DosePlan? plan = null)
    {
        if (!(target is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(target), target, "A probability is needed.");
        plan ??= new DosePlan();
        double[] rates = behaviour.ToArray();
        Observations data = observations.For(prior.Personas);
        double[] total = data.Total();
        double mass = data.Mass, start = prior.Mean(rates), from = before ?? start, gap = target - from;
        if (Math.Abs(gap) <= plan.Tolerance || mass == 0)
            return new DoseFit(0, 0, from, target, from, 0, Math.Abs(gap) <= plan.Tolerance
                ? DoseOutcome.NoChangeNeeded : DoseOutcome.OutOfReach);

        int direction = Math.Sign(gap);
        return Search(from, target, plan, mass, d => direction * (Update.OnTotal(prior, total, d).Mean(rates) - start),
            d => Divergence(Update.OnTotal(prior, total, d), prior));
    }

    /// <summary>
    /// The same rule for a forecast in context: how many showings of one observation, added up in log odds, bring the trained situation to
    /// its target. What showing tells of the character is at least what it tells of any one probe, so the information is the largest
    /// KL(after || before) of them.
    /// </summary>
    /// <param name="before">P(low) in each situation that is trained on, before.</param>
    /// <param name="shown">P(low) there after one observation was shown, in the same order.</param>
    /// <param name="target">The probability of the low pole to reach there on average.</param>
    /// <param name="probesBefore">P(low) of the probes before, whatever they are about.</param>
    /// <param name="probesShown">P(low) of the probes after one observation was shown, in the same order.</param>
    /// <param name="plan">Bounds of the search.</param>
    /// <param name="shares">How much each situation counts, together 1; all alike when absent.</param>
    public static DoseFit InContext(IReadOnlyList<double> before, IReadOnlyList<double> shown, double target,
        IReadOnlyList<double> probesBefore, IReadOnlyList<double> probesShown, DosePlan? plan = null, IReadOnlyList<double>? shares = null)
    {
        if (before.Count == 0 || before.Count != shown.Count)
            throw new ArgumentException("Every situation needs both readings.", nameof(shown));
        if (probesBefore.Count != probesShown.Count) throw new ArgumentException("Every probe needs both readings.", nameof(probesShown));
        if (!(target is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(target), target, "A probability is needed.");
        plan ??= new DosePlan();
        double from = Mean(before), gap = target - from;
        if (Math.Abs(gap) <= plan.Tolerance) return new DoseFit(0, 0, from, target, from, 0, DoseOutcome.NoChangeNeeded);
        int direction = Math.Sign(gap);
        return Search(from, target, plan, 1, d => direction * (Mean(At(before, shown, d)) - from),
            d => At(probesBefore, probesShown, d).Zip(probesBefore, (after, was) => LogSpace.BernoulliDivergence(after, Inside(was)))
                .DefaultIfEmpty(0).Max());

        double Mean(IEnumerable<double> rates) => shares is null ? rates.Average() : rates.Zip(shares, (p, s) => p * s).Sum();

        static IEnumerable<double> At(IReadOnlyList<double> before, IReadOnlyList<double> shown, double dose) =>
            before.Zip(shown, (b, s) => InContextForecast.AfterDose(b, s, dose));
    }

    // A reading of exactly 0 or 1 would make any move from it infinitely surprising.
    private static double Inside(double p) => Math.Clamp(p, 1e-9, 1 - 1e-9);

    // The change need not be monotone in the dose (a mixed set first moves one way), so a grid finds the first place that will do
    // and bisection sharpens it. The information spent does grow with the dose.
    private static DoseFit Search(double from, double target, DosePlan plan, double mass, Func<double, double> moved,
        Func<double, double> spent)
    {
        double gap = Math.Abs(target - from);
        double limit = plan.InformationSlack * LogSpace.BernoulliDivergence(target, Inside(from));
        double largest = plan.MaximumEffectiveObservations / mass;
        double[] grid =
            [.. Enumerable.Range(0, GridSize).Select(i => largest * Math.Pow(SmallestShareOfMaximum, 1 - i / (GridSize - 1.0)))];
        double best = grid.Max(moved);
        if (best <= plan.Tolerance) return new DoseFit(0, 0, from, target, from, 0, DoseOutcome.OutOfReach);
        (double wanted, DoseOutcome outcome) =
            best >= gap ? (gap, DoseOutcome.Attained) : (plan.AttainableShare * best, DoseOutcome.Saturated);
        int first = Array.FindIndex(grid, d => moved(d) >= wanted);
        double dose = Smallest(first == 0 ? 0 : grid[first - 1], grid[first], d => moved(d) >= wanted);
        if (spent(dose) > limit)
        {
            dose = Largest(dose, d => spent(d) <= limit);
            // An impossible reply rules a persona out at any dose: where that alone is too dear, nothing can be spent.
            if (dose > 0 && moved(dose) <= 0) return new DoseFit(0, 0, from, target, from, 0, DoseOutcome.OutOfReach);
            outcome = DoseOutcome.InformationBound;
        }
        double attained = Math.Clamp(from + Math.Sign(target - from) * moved(dose), 0, 1);
        return new DoseFit(dose, dose * mass, from, target, attained, spent(dose), outcome);
    }

    /// <summary>The information KL(p || q) in nats between two distributions over the same personas, in the same order.</summary>
    internal static double Divergence(PersonaDistribution p, PersonaDistribution q)
    {
        double sum = 0;
        for (int h = 0; h < p.Personas.Count; h++)
        {
            double log = p.LogProbabilities[h];
            if (log > double.NegativeInfinity) sum += Math.Exp(log) * (log - q.LogProbabilities[h]);
        }
        return Math.Max(0, sum);
    }

    /// <summary>The smallest dose above <paramref name="low"/> that will do, when <paramref name="high"/> does.</summary>
    internal static double Smallest(double low, double high, Func<double, bool> reached, int halvings = 60) =>
        Halve(low, high, reached, halvings).High;

    /// <summary>The largest dose below <paramref name="high"/> that will do, when 0 does and <paramref name="high"/> does not.</summary>
    internal static double Largest(double high, Func<double, bool> allowed, int halvings = 60) =>
        Halve(0, high, d => !allowed(d), halvings).Low;

    private static (double Low, double High) Halve(double low, double high, Func<double, bool> past, int halvings)
    {
        for (int i = 0; i < halvings; i++)
        {
            double middle = (low + high) / 2;
            if (past(middle)) high = middle;
            else low = middle;
        }
        return (low, high);
    }
}
