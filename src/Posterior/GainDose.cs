using System.Text.Json.Serialization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>How a dose was found.</summary>
[JsonConverter(typeof(KebabEnumConverter<GainOutcome>))]
public enum GainOutcome
{
    /// <summary>The smallest dose that gives the stated share of what can be gained.</summary>
    Attained,

    /// <summary>A smaller one: with more, the update would spend more information on who speaks than the replies gain by it.</summary>
    InformationBound,

    /// <summary>
    /// No change of character makes the replies more probable, so the dose is a nominal one that all but leaves the prior; 0 where any dose
    /// would rule a persona out.
    /// </summary>
    NoGain,

    /// <summary>It was given, not fitted.</summary>
    Given,
}

/// <summary>
/// One dose beta, fitted on the data's own replies alone. Training ends when the replies are about as probable as a change of character can
/// make them: G(beta) = sum_e w_e log sum_h p_beta(h) p(e|h) / sum_e |w_e|, and beta is the smallest dose that
/// gives most of what G can gain.
/// </summary>
/// <param name="Dose">beta, per unit of weight; at most 1, which is Bayes' rule.</param>
/// <param name="EffectiveObservations">beta * sum_e |w_e|: how many observations the whole set counts for.</param>
/// <param name="Gain">G(beta) - G(0), nats per unit of weight.</param>
/// <param name="Attainable">The largest gain on the way, nats per unit of weight.</param>
/// <param name="Information">KL(p(h|D) || p0(h)) at the dose, in nats.</param>
/// <param name="Outcome">How the search ended.</param>
public sealed record GainDose(double Dose, double EffectiveObservations, double Gain, double Attainable,
    double Information, GainOutcome Outcome)
{
    // The share of the attainable gain that the dose must give; a gain per unit of weight that is none, nats; how many times the gain
    // KL(p(h|D) || p0(h)) may be; and what it is, in nats, at the nominal dose.
    private const double Share = 0.95, Tolerance = 1e-3, InformationSlack = 2, NominalInformation = 1e-3;

    private const int GridSize = 240, Halvings = 50;

    // A redrawn dose is looked for within this factor of the one it comes from, in fewer steps; what can be gained, up to Bayes' rule.
    private const double Nearby = 4;
    private const int FewGridSize = 9, Beyond = 3, FewHalvings = 8;

    /// <summary>Fits the dose.</summary>
    /// <param name="prior">p0.</param>
    /// <param name="rows">The observations, with the personas of the prior in its order.</param>
    /// <exception cref="UserErrorException">No persona that has a prior could have produced the observations.</exception>
    public static GainDose Fit(PersonaDistribution prior, EvidenceRows rows) => new Search(prior, rows, Columns(prior, rows)).Fit();

    internal static LikelihoodColumns Columns(PersonaDistribution prior, EvidenceRows rows)
    {
        if (!prior.Personas.SequenceEqual(rows.Personas, StringComparer.Ordinal))
            throw new ArgumentException("Prior and observations must have the same personas in the same order.", nameof(rows));
        return new LikelihoodColumns(rows,
            [.. Enumerable.Range(0, rows.Personas.Count).Where(h => prior.LogProbabilities[h] > double.NegativeInfinity)]);
    }

    internal static GainDose Find(PersonaDistribution prior, EvidenceRows rows, LikelihoodColumns columns,
        double? effectiveObservations)
    {
        var search = new Search(prior, rows, columns);
        return effectiveObservations is { } given ? search.Given(given) : search.Fit();
    }

    /// <summary>beta of a redrawn sample, by the same rule; one that was given counts the sample for as many observations.</summary>
    /// <param name="prior">p0.</param>
    /// <param name="columns">The observations.</param>
    /// <param name="weights">The weight of each in the sample.</param>
    /// <param name="total">sum_e w_e L[e,h] of the sample.</param>
    /// <param name="fitted">Whether it is fitted again; otherwise the number of observations is kept.</param>
    internal double Redrawn(PersonaDistribution prior, LikelihoodColumns columns, double[] weights, double[] total, bool fitted)
    {
        double mass = weights.Sum(Math.Abs);
        if (mass == 0) return 0;
        if (!fitted || Outcome == GainOutcome.Given) return EffectiveObservations / mass;
        var search = new Search(prior, columns, total, columns.Weights(e => weights[e]), mass);
        if (Dose == 0) return search.Fit(search.Grid(FewGridSize + Beyond), FewHalvings).Dose;
        double centre = EffectiveObservations / mass, low = centre / Nearby, high = Math.Max(low, Math.Min(1, centre * Nearby));
        double[] grid = [.. Enumerable.Range(0, FewGridSize).Select(i => low * Math.Pow(high / low, i / (FewGridSize - 1.0))),
            .. Enumerable.Range(1, Beyond).Select(i => high * Math.Pow(Math.Max(1, high) / high, (double)i / Beyond))];
        return search.Fit(grid, FewHalvings).Dose;
    }

    private sealed class Search
    {
        private readonly PersonaDistribution _prior;
        private readonly LikelihoodColumns _columns;
        private readonly double[] _total;
        private readonly float[] _weights;
        private readonly double _mass, _start;

        internal Search(PersonaDistribution prior, EvidenceRows rows, LikelihoodColumns columns)
            : this(prior, columns, rows.Total(), columns.Weights(rows.Weight), rows.Mass)
        {
        }

        internal Search(PersonaDistribution prior, LikelihoodColumns columns, double[] total, float[] weights, double mass)
        {
            (_prior, _columns, _total, _weights, _mass) = (prior, columns, total, weights, mass);
            _start = Level(prior);
        }

        internal GainDose Given(double effective)
        {
            if (!(effective >= 0) || double.IsInfinity(effective))
                throw new ArgumentOutOfRangeException(nameof(effective), effective, "A dose is finite and not negative.");
            double best = Grid().Select(Gain).Append(0).Max();
            return Result(_mass > 0 ? effective / _mass : 0, best, GainOutcome.Given);
        }

        internal GainDose Fit() => Fit(Grid(), Halvings);

        internal GainDose Fit(double[] grid, int halvings)
        {
            if (grid.Length == 0) return new GainDose(0, 0, 0, 0, 0, GainOutcome.NoGain);
            double[] gains = [.. grid.Select(Gain)];
            double best = gains.Max();
            if (best <= Tolerance) return Nominal();
            double wanted = Share * best;
            int first = Array.FindIndex(gains, g => g >= wanted);
            double dose = DoseFit.Smallest(first == 0 ? 0 : grid[first - 1], grid[first], d => Gain(d) >= wanted, halvings);
            // What is spent grows faster than what it gains, so the first dose that spends too much is where to stop.
            bool Allowed(double d) => Spent(d) <= InformationSlack * Math.Max(0, Gain(d)) + 1e-12;
            if (Allowed(dose)) return Result(dose, best, GainOutcome.Attained);
            double bounded = DoseFit.Largest(dose, Allowed, halvings);
            return Gain(bounded) > 0 && Spent(bounded) > NominalInformation ? Result(bounded, best, GainOutcome.InformationBound)
                : Nominal();

            // 0 where an impossible reply rules a persona out at any dose: that is no prior that all but stays.
            GainDose Nominal()
            {
                bool Little(double d) => Spent(d) <= NominalInformation;
                return Result(Little(grid[^1]) ? grid[^1] : DoseFit.Largest(grid[^1], Little), Math.Max(0, best),
                    GainOutcome.NoGain);
            }
        }

        // From where nothing moves yet to Bayes' rule, at which every observation counts in full.
        internal double[] Grid(int size = GridSize)
        {
            double low = double.PositiveInfinity, high = double.NegativeInfinity;
            foreach (int h in _columns.Personas)
            {
                if (double.IsNegativeInfinity(_total[h])) continue;
                low = Math.Min(low, _total[h]);
                high = Math.Max(high, _total[h]);
            }
            if (double.IsNegativeInfinity(high)) _ = Update.OnTotal(_prior, _total, 1);
            bool excluded = _columns.Personas.Any(h => double.IsNegativeInfinity(_total[h]));
            double spread = high - low;
            // Rows that differ and cancel are a tie, which a redrawn sample breaks.
            if (_mass == 0 || (spread <= 1e-9 && !excluded && !_columns.Differ(_weights))) return [];
            double smallest = Math.Min(0.5, 1e-3 / Math.Max(spread, 1e-3));
            return [.. Enumerable.Range(0, size).Select(i => Math.Pow(smallest, 1 - (i / (size - 1.0))))];
        }

        private GainDose Result(double dose, double best, GainOutcome outcome) =>
            new(dose, dose * _mass, Gain(dose), best, Spent(dose), outcome);

        private double Gain(double dose) => Level(Update.OnTotal(_prior, _total, dose)) - _start;

        private double Spent(double dose) => DoseFit.Divergence(Update.OnTotal(_prior, _total, dose), _prior);

        // Up to a constant that does not depend on the mixture.
        private double Level(PersonaDistribution mixture)
        {
            double[] share = [.. _columns.Personas.Select(h => Math.Exp(mixture.LogProbabilities[h]))];
            return _mass > 0 ? _columns.Pass(share, _weights, []) / _mass : 0;
        }
    }
}
