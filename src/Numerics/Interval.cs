using MathNet.Numerics.Distributions;

namespace PersonaSelection.Numerics;

/// <summary>An estimate with the two ends of its interval.</summary>
/// <param name="Estimate">The statistic on the sample itself.</param>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
/// <param name="Level">The nominal coverage, such as 0.95.</param>
public sealed record Interval(double Estimate, double Low, double High, double Level = 0.95)
{
    /// <summary>[low, high].</summary>
    public double[] Ends => [Low, High];

    /// <summary>
    /// The expanded percentile interval of redrawn estimates (Hesterberg 2015, "What Teachers Should Know About the Bootstrap"); those
    /// that are NaN are left out. Without any it has no width. Redrawn samples of n clusters vary by (n - 1) / n too little, and how
    /// much they vary is known from n clusters alone: the ends are the quantiles at the normal probabilities of Student's quantile times
    /// sqrt(n / (n - 1)). Below five clusters these are the smallest and the largest redrawn estimate, and one cluster has no width.
    /// </summary>
    /// <param name="estimate">The statistic on the sample itself.</param>
    /// <param name="samples">The same on redrawn samples.</param>
    /// <param name="level">Nominal coverage in (0, 1).</param>
    /// <param name="clusters">How many clusters were redrawn; see <see cref="ClusterResampling.Effective"/>.</param>
    public static Interval OfSamples(double estimate, IEnumerable<double> samples, double level, double clusters)
    {
        double[] drawn = [.. samples.Where(x => !double.IsNaN(x))];
        if (drawn.Length == 0) return new Interval(estimate, estimate, estimate, level);
        double tail = Tail((1 - level) / 2, clusters);
        return new Interval(estimate, Statistics.Quantile(drawn, tail), Statistics.Quantile(drawn, 1 - tail), level);
    }

    /// <summary>The mean of independent runs with Student's interval; a single run has none, and its ends are NaN.</summary>
    public static Interval OverRuns(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        if (values.Count < 2) return new Interval(mean, double.NaN, double.NaN);
        double half = Statistics.StudentQuantile(0.975, values.Count - 1)
            * Statistics.StandardDeviation([.. values]) / Math.Sqrt(values.Count);
        return new Interval(mean, mean - half, mean + half);
    }

    /// <summary>
    /// The mean of independent runs as a share of the mean of other runs, which vary as well. The interval has the shares at which Welch's
    /// test finds no difference between the parts and that share of the wholes (Fieller 1954, with the degrees of freedom of Welch 1947).
    /// NaN where the wholes may be none, as Student's interval says; the ends are NaN where the parts are a single run.
    /// </summary>
    public static Interval Share(IReadOnlyList<double> parts, IReadOnlyList<double> wholes)
    {
        (Interval part, Interval whole) = (OverRuns(parts), OverRuns(wholes));
        if (!(whole.Low > 0)) return new Interval(double.NaN, double.NaN, double.NaN);
        double share = part.Estimate / whole.Estimate;
        if (parts.Count < 2) return new Interval(share, double.NaN, double.NaN);
        double a = Statistics.Variance([.. parts]) / parts.Count, b = Statistics.Variance([.. wholes]) / wholes.Count;
        return new Interval(share, End(-1), End(1));

        double End(int side)
        {
            // The wholes are above 0, so that a share far enough away is told apart.
            double near = share, step = 1;
            while (!Differs(share + (side * step)))
            {
                // So barely above 0 that rounding hides it.
                if (double.IsInfinity(step)) return side * step;
                (near, step) = (share + (side * step), 2 * step);
            }
            double far = share + (side * step);
            for (int i = 0; i < 50; i++)
            {
                double middle = (near + far) / 2;
                if (Differs(middle)) far = middle;
                else near = middle;
            }
            return far;
        }

        bool Differs(double at)
        {
            double off = Math.Abs(part.Estimate - (at * whole.Estimate)), own = at * at * b, variance = a + own;
            if (variance == 0) return off > 0;
            double freedom = variance * variance / ((a * a / (parts.Count - 1)) + (own * own / (wholes.Count - 1)));
            return off > Statistics.StudentQuantile(0.975, freedom) * Math.Sqrt(variance);
        }
    }

    /// <summary>From the lower of both low ends to the higher of both high ones.</summary>
    public Interval Around(Interval other) => this with { Low = Math.Min(Low, other.Low), High = Math.Max(High, other.High) };

    /// <summary>
    /// The fewest redrawn samples of which one is expected beyond each end of an interval of this level: 40 for 0.95. The ends of fewer
    /// are the outermost of them, which bound less.
    /// </summary>
    /// <param name="level">Nominal coverage in (0, 1).</param>
    public static int FewestSamples(double level) => (int)Math.Ceiling((2 / (1 - level)) - 1e-9);

    private static double Tail(double nominal, double clusters) => clusters < 2 ? 0 : Normal.CDF(0, 1,
        Math.Sqrt(clusters / (clusters - 1)) * Statistics.StudentQuantile(nominal, clusters - 1));
}
